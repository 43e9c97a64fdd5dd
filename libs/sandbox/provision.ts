import type { FunctionSpec } from './function-spec.js';

/** So many initialised sandboxes of a function version, held for the invocations that name the key. */
export interface ProvisionOrder {
  /** Tells apart what is held for different qualifiers of one version. */
  key: string;
  /** The version or alias it is for, as metrics name it. */
  qualifier: string;
  spec: FunctionSpec;
  count: number;
}

/** `function` when its init failed, `platform` when no sandbox could be made. */
export type ProvisionFailure = 'function' | 'platform';

/** What became of an order. */
export interface HeldSandboxes {
  key: string;
  /** As ordered. */
  count: number;
  /** Initialised: idle or busy. */
  ready: number;
  /** On their way. */
  starting: number;
  /** Present while the last attempt failed. */
  failure?: ProvisionFailure;
}

/** How much of what is held for a version or an alias is in use. */
export interface ProvisionedUse {
  accountId: string;
  functionName: string;
  qualifier: string;
  ready: number;
  busy: number;
}

export interface ProvisionReport {
  /** Of the worker, for everything that runs there. */
  maxSandboxes: number;
  memoryMb: number;
  held: HeldSandboxes[];
}
