export { LOST_EVENTS_ACTION, type AuditEvent, type RecordedEvent } from './audit-event.js';
export { AuditLog, type AuditLogOptions } from './audit-log.js';
export { AuditTrail, type AuditCursor, type AuditFilter, type AuditPage } from './audit-trail.js';
export { expireAuditEvents } from './audit-retention.js';
