import { ApiEndpoint, ControlPlaneModule, InvocationModule, LocalFleetModule, runProcess, SchedulerModule } from '@hearth/processes';
import { startEmbeddedServers } from './embedded-servers.js';

const invocation = InvocationModule.over(LocalFleetModule);

/** The whole platform in one process, for one machine, with its own Postgres and Redis unless others are configured. */
await runProcess({
  service: 'hearth',
  modules: [ControlPlaneModule.using(invocation), SchedulerModule.using(invocation)],
  prepare: startEmbeddedServers,
  open: async (app, { logger, metricsUrl }) => {
    const { endpoint, administrator } = await app.get(ApiEndpoint).open();
    logger.info({ endpoint, metricsUrl, accessKeyId: administrator.accessKeyId, credentialsFile: administrator.credentialsFile, firstStart: administrator.created }, 'Hearth is listening');
  },
});
