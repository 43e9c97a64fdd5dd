export { durableCallbackId, durableExecutionArn, parseDurableCallbackId, parseDurableExecutionArn, type DurableExecutionReference } from './durable-execution-arn.js';
export { projectRoot } from './project-root.js';
export { functionArn, parseArn, type Arn } from './arn.js';
export { lambdaTimestamp, systemClock, type Clock } from './clock.js';
export { InfrastructureError, OperatorError, ServiceError, type ErrorFault, type MessageMember } from './errors.js';
export { Recurring, type RecurringWork } from './recurring.js';
export { Throttled, throttleReason, type ThrottleReason } from './throttle.js';
export { decodePageMarker, encodePageMarker } from './page-marker.js';
export { PacedWriter } from './paced-writer.js';
