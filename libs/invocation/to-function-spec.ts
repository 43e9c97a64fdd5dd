import type { InvocableVersion } from '@hearth/catalogue';
import type { FunctionSpec } from '@hearth/fleet';

/** A version never changes, and the resolver answers the same object while it is current: the mapping is done once per version. */
const mapped = new WeakMap<InvocableVersion, FunctionSpec>();

/** What a sandbox needs of a function version. */
export function toFunctionSpec(version: InvocableVersion): FunctionSpec {
  let spec = mapped.get(version);
  if (spec === undefined) {
    const { functionId, revisionId, state: _state, concurrency: _concurrency, asynchronous: _asynchronous, ...shared } = version;
    // The function's id, not its name: a function deleted and made anew never meets the sandboxes of the old one.
    spec = Object.freeze({ ...shared, sandboxKey: `${version.accountId}/${functionId}/${version.version}/${revisionId}${version.isolation ? `/${version.isolation}` : ''}` });
    mapped.set(version, spec);
  }
  return spec;
}
