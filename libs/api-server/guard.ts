import type { Permission } from '@hearth/aws-wire';
import { authorise, type AccessKey } from '@hearth/iam';

/** Facts of a call that conditions may ask for. */
export interface RequestFacts {
  /** Of the connection's other end; a proxy's when there is one. */
  readonly sourceIp: string | undefined;
  readonly userAgent: string | undefined;
  /** The call came over TLS. */
  readonly secure: boolean;
}

/** Decides whether a caller may do something: once per call and permission, for every operation of every service. */
export interface Guard {
  /**
   * Answers without a promise from memory, which keeps warm calls off the microtask queue.
   * @throws ServiceError AccessDeniedException, at once or by the returned promise
   */
  check(key: AccessKey, permission: Permission, facts: RequestFacts): void | Promise<void>;
}

/** Only the administrator of an account may do anything, and only within the account. */
export const ADMINISTRATOR_ONLY: Guard = { check: (key, permission) => authorise(key, permission.action, permission.resource) };
