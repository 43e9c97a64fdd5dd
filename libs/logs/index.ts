export { createLogs, createLogWriter } from './logs.js';
export { LogWriter, type LogTrouble } from './log-writer.js';
export { logSweep } from './log-sweep.js';
export type { LogEvent } from './log-block.js';
export type { LogPlace, StreamName } from './group-store.js';
export type { LogOwner, RoleRights } from './delivery-rights.js';
