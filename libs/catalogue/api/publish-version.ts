import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { assertCodeStorage } from '../code-storage.js';
import { functionNotFound, invalidParameter, staleRevision } from '../errors.js';
import { assertPublishable, ready } from '../function-state.js';
import { findLatest, unqualifiedArn } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { publishCopy, unchangedVersion } from '../publish.js';
import type { FoundVersion } from '../store.js';
import { refuseUnsupportedMembers } from '../unsupported-members.js';

interface PublishVersionInput {
  FunctionName: string;
  CodeSha256?: string;
  Description?: string;
  RevisionId?: string;
}

export function publishVersion(parts: CatalogueParts): OperationHandler {
  const { store, vault, clock } = parts;
  return async (input: PublishVersionInput, context) => {
    const reference = referenceOf(input, context, 'PublishVersion');
    const arn = unqualifiedArn(reference);
    refuseUnsupportedMembers({ ...input });
    await findLatest(store, reference);
    const published = await store.change<FoundVersion>(reference, async ({ owner, record: latest }, change) => {
      if (input.RevisionId !== undefined && input.RevisionId !== latest.revisionId) throw staleRevision();
      assertPublishable(latest, arn);
      if (input.CodeSha256 && input.CodeSha256 !== latest.codeSha256) {
        throw invalidParameter(`CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${latest.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`);
      }
      // After a failed update $LATEST shows what does not run; publishing it would hand that out as working.
      if (latest.lastUpdateStatus === 'Failed') throw invalidParameter(`The last update of ${arn} failed; update it again before you publish a version.`);
      const same = await unchangedVersion(latest, owner.nextVersion, change);
      if (same !== undefined) return { owner, record: same };
      await assertCodeStorage(parts, reference, latest.codeSize, change.client);
      const record = await publishCopy(latest, ready(), input.Description, new Date(clock.now()), change);
      await change.update({ ...latest, revisionId: randomUUID() }, latest);
      return { owner, record };
    });
    if (published === undefined) throw functionNotFound(arn);
    return functionConfiguration(published.owner, published.record, vault, { qualifier: published.record.version });
  };
}
