export { compatibilityReference, servedTables } from './compatibility.js';
export { ApiEndpoint, ControlPlaneModule } from './control-plane.module.js';
export { LocalFleetModule, RemoteFleetModule } from './fleet.module.js';
export { InvocationModule } from './invocation.module.js';
export { runProcess, type ProcessDefinition } from './run-process.js';
export { SchedulerModule } from './scheduler.module.js';
export { WorkerEndpoint, WorkerModule } from './worker.module.js';
