export { createControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.js';
export { CodeLinks, type CodeLinksOptions } from './code-links.js';
export type { KeyLookup } from './authentication.js';
export type { Guard } from './guard.js';
export { lambdaPermissions } from './permissions/lambda.js';
export { LAMBDA_REFUSALS } from './lambda-refusals.js';
export { ENDPOINT_OPERATIONS, type ServedService } from './served-service.js';
export type { InvocationPort } from './invocation-port.js';
export type { OperationInfo, RequestRecord, RequestTelemetry } from './request-telemetry.js';
