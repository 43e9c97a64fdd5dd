import type { InvokeAnswer, InvokeCommand } from '@hearth/invocation';

/** What the Invoke route asks of `invocation`; its InvocationService is one. */
export interface InvocationPort {
  /**
   * Without a signal: a caller that goes away does not end an invocation, as on Lambda.
   * @throws ServiceError of spec/invoke.md 1.2
   */
  invoke(command: InvokeCommand): Promise<InvokeAnswer>;
}
