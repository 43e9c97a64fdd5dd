/** A call: who, what, on which resource, with which result. */
export interface AuditEvent {
  /** Milliseconds since the epoch. */
  time: number;
  /** Of the caller; of the resource when the caller has none (services, unsigned calls). 12 digits. */
  accountId: string;
  principalArn: string;
  accessKeyId?: string;
  sourceIp?: string;
  userAgent?: string;
  region: string;
  /** Signing name: `lambda`. */
  service: string;
  /** `lambda:CreateFunction` */
  action: string;
  /** ARN, or `*`. */
  resource: string;
  /** AWS error code; missing when the call succeeded. */
  errorCode?: string;
  requestId: string;
}

/** As it is stored. */
export interface RecordedEvent extends AuditEvent {
  /** UUID. */
  id: string;
}

/** The action of the event that stands for events which could not be kept; `resource` says how many. */
export const LOST_EVENTS_ACTION = 'hearth:LostAuditEvents';
