import { runProcess, WorkerEndpoint, WorkerModule } from '@hearth/processes';

/** The sandboxes of one host; the only process that touches the Docker socket. */
await runProcess({
  service: 'worker',
  modules: [{ module: WorkerModule }],
  open: async (app, { logger }) => logger.info({ url: await app.get(WorkerEndpoint).open() }, 'Worker is registered'),
});
