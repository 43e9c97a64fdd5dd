export { InvocationTelemetry } from './invocation-telemetry.js';
export { createInvocation, type Invocation, type InvocationParts, type InvocationSettings, type RunningScheduler } from './create-invocation.js';
export { InvocationService } from './invocation-service.js';
export type { InvokeAnswer, InvokeCommand } from './invoke-command.js';
export { listFailedEvents, type FailedEvent, type FailedEventsPage } from './failed-events.js';
export { assertDurablePostgres } from './durable-postgres.js';
export { MAX_PAYLOAD_BYTES } from './payload-rules.js';
export { traceHeaderFor } from './trace-header.js';
