/** Who calls and where: what an operation needs to know beside its input. */
export interface OperationContext {
  accountId: string;
  region: string;
  principalArn: string;
  /** Answered as `x-amzn-RequestId`; UUID. */
  requestId: string;
  /** How this caller reached the API, `http://HOST[:PORT]` without a trailing slash: for links in answers. */
  baseUrl: string;
}

/**
 * One AWS operation. Input and output have the member names of the service model; blobs are Buffers, timestamps Dates. The input
 * has passed the model's own validation.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each handler names the input type of its own operation
export type OperationHandler = (input: any, context: OperationContext) => Promise<Record<string, unknown>>;
