/** Whose fault an error is: the caller's (4xx) or Hearth's (5xx). Rendered as AWS's `Type` member. */
export type ErrorFault = 'User' | 'Service';

/** Where a service's error body carries its text: some Lambda errors use `Message`, others `message` (spec/lambda-api.md 2.2). */
export type MessageMember = 'Message' | 'message';

/**
 * An answer the caller is meant to see: an AWS error code with its status and text. Everything else that is thrown is a
 * defect or an infrastructure failure and becomes a 500 without details.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(
    /** AWS error code, for instance `ResourceNotFoundException`. */
    readonly code: string,
    /** HTTP status. */
    readonly status: number,
    message: string,
    readonly options: {
      /** Default: derived from the status. `null` omits the `Type` member (ValidationException and authentication errors). */
      fault?: ErrorFault | null;
      messageMember?: MessageMember;
      /** Further members of the error body, for instance `Reason`. */
      members?: Record<string, unknown>;
      headers?: Record<string, string>;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }
}

/** Hearth itself could not do the work (engine down, worker lost). Retrying may help; the function is not at fault. */
export class InfrastructureError extends Error {
  override readonly name = 'InfrastructureError';
}

/** Something the operator must mend before Hearth can start. Printed as one sentence, without a stack. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';

  constructor(
    message: string,
    /** What to do about it, as an imperative sentence. */
    readonly remedy: string,
  ) {
    super(message);
  }
}
