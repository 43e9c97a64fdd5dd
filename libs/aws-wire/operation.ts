/** Who calls and where: what an operation needs to know beside its input. */
export interface OperationContext {
  accountId: string;
  region: string;
  principalArn: string;
  /** The key that signed the call; tells sessions of one role apart. */
  accessKeyId?: string;
  /** Answered as `x-amzn-RequestId`; UUID. */
  requestId: string;
  /** How this caller reached the API, `http://HOST[:PORT]` without a trailing slash: for links in answers. */
  baseUrl: string;
  /** Global condition keys of the call, for operations that evaluate policies themselves (sts:AssumeRole). */
  conditionKeys?: Readonly<Record<string, string[]>>;
}

/**
 * One AWS operation. Input and output have the member names of the service model; blobs are Buffers, timestamps Dates. The input
 * has passed the model's own validation.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each handler names the input type of its own operation
export type OperationHandler = (input: any, context: OperationContext) => Promise<Record<string, unknown>>;

/** What a caller must be allowed for an operation to run. */
export interface Permission {
  /** `lambda:CreateFunction` */
  action: string;
  /** ARN as the caller asked for it, or `*` where the operation has no resource. */
  resource: string;
  /** Condition keys of the request beside the global ones. */
  context?: Record<string, string[]>;
}

/** An empty list: the operation needs no permission, or checks it itself. A promise where the resource's ARN must be looked up. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see OperationHandler
export type PermissionMapping = (input: any, context: OperationContext) => Permission | Permission[] | Promise<Permission | Permission[]>;
