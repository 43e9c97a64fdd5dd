import type { FunctionSpec } from '@hearth/fleet';

/** What is held for a qualifier of a version: an alias and another one that points to the same version have sandboxes of their own. */
export function provisionedKey(spec: FunctionSpec, qualifier: string): string {
  return `${spec.sandboxKey}@${qualifier}`;
}
