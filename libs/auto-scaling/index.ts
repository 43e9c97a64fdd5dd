export { createAutoScaling } from './auto-scaling.js';
export { ScheduledScaling } from './scheduled-scaling.js';
export { ScalingStore } from './scaling-store.js';
export type { ProvisionedCapacity } from './provisioned-port.js';
