import { ApiEndpoint, ControlPlaneModule, InvocationModule, RemoteFleetModule, runProcess } from '@hearth/processes';

/** The AWS-compatible API; invocations run on the workers that registered. */
await runProcess({
  service: 'control-plane',
  modules: [ControlPlaneModule.using(InvocationModule.over(RemoteFleetModule))],
  open: async (app, { logger }) => {
    const { endpoint, administrator } = await app.get(ApiEndpoint).open();
    logger.info({ endpoint, accessKeyId: administrator.accessKeyId, credentialsFile: administrator.credentialsFile }, 'Control plane is listening');
  },
});
