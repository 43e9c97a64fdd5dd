export { FLEET, type Fleet } from './fleet.js';
export type { Provisioner, SandboxHost } from './provisioner.js';
export { LocalFleet, type InvocationRunner } from './local-fleet.js';
export { RemoteFleet, type RemoteFleetOptions } from './remote-fleet.js';
export { startWorker, type RunningWorker, type WorkerParts } from './create-worker.js';
export { WorkerServer, type WorkerServerOptions } from './worker-server.js';
export { requireFleetSecret } from './fleet-signature.js';
export type { FunctionSpec, HeldSandboxes, InvocationOutcome, InvocationRequest, ProvisionOrder, ProvisionReport } from '@hearth/sandbox';
