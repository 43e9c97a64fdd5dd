import { InvocationModule, RemoteFleetModule, runProcess, SchedulerModule } from '@hearth/processes';

/** Dispatch of accepted events, retries and reconciliation, on the workers that registered. */
await runProcess({
  service: 'scheduler',
  modules: [SchedulerModule.using(InvocationModule.over(RemoteFleetModule))],
  open: async (_app, { logger }) => logger.info('Scheduler is running'),
});
