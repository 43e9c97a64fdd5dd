/**
 * Takes a function's response while it comes. Absent in an invocation: the response is collected and part of the outcome. What is not
 * begun when the outcome is there never was a response.
 */
export interface ResponseSink {
  /** Once, before the first bytes. @param contentType as the runtime said */
  begin(contentType: string): void;
  /**
   * Never throws or rejects: bytes that nobody wants any more are dropped.
   * @returns a promise when its source should pause, which settles when more is welcome
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
}
