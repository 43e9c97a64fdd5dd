import { randomUUID } from 'node:crypto';
import type { VersionRecord, VersionState } from './function-record.js';
import type { FoundVersion, FunctionChange } from './store.js';

/** The last published version, if it has the code and the configuration of `latest` and still exists (spec/lambda-api.md 4.1, PublishVersion). */
export async function unchangedVersion(latest: VersionRecord, nextVersion: number, change: FunctionChange): Promise<VersionRecord | undefined> {
  const last = nextVersion > 1 ? await change.version(String(nextVersion - 1)) : undefined;
  return last !== undefined && last.codeSha256 === latest.codeSha256 && last.configSha256 === latest.configSha256 ? last : undefined;
}

/**
 * Makes an immutable copy of `$LATEST`.
 * @param state `ready()` when the code is prepared already, else `created()`
 */
export async function publishCopy(latest: VersionRecord, state: VersionState, description: string | undefined, now: Date, change: FunctionChange): Promise<VersionRecord> {
  const number = await change.takeVersionNumber();
  const copy = numberedCopy(latest, number, state, description, now);
  await change.insert(copy);
  return copy;
}

export function numberedCopy(latest: VersionRecord, number: number, state: VersionState, description: string | undefined, now: Date): VersionRecord {
  return {
    ...latest,
    ...state,
    version: String(number),
    versionNumber: number,
    description: description ?? latest.description,
    revisionId: randomUUID(),
    lastModified: now,
    serving: null,
    servingRevision: randomUUID(),
  };
}

/** What a write committed: the answer, and the versions whose asynchronous step begins now. */
export interface Written {
  answer: FoundVersion;
  begun: FoundVersion[];
}
