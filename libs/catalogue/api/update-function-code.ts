import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { givenCode, type CodeInput } from '../code-input.js';
import { checkDeployment } from '../code-signing/deployment-check.js';
import { assertCodeStorage } from '../code-storage.js';
import { configSha256 } from '../config-hash.js';
import { functionNotFound, staleRevision } from '../errors.js';
import { packageTypeOf, type Architecture, type VersionRecord } from '../function-record.js';
import { assertUpdatable, created, updating } from '../function-state.js';
import { findLatest, unqualifiedArn } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { publishCopy, unchangedVersion, type Written } from '../publish.js';
import { validateArchitecture } from '../settings.js';
import { assertUnzippedSize } from '../used-layers.js';
import { refuseUnsupportedMembers } from '../unsupported-members.js';

interface UpdateFunctionCodeInput extends CodeInput {
  FunctionName: string;
  Architectures?: Architecture[];
  Publish?: boolean;
  DryRun?: boolean;
  RevisionId?: string;
}

export function updateFunctionCode(parts: CatalogueParts): OperationHandler {
  const { store, vault, clock, preparations } = parts;
  return async (input: UpdateFunctionCodeInput, context) => {
    const reference = referenceOf(input, context, 'UpdateFunctionCode');
    const arn = unqualifiedArn(reference);
    refuseUnsupportedMembers(input);
    const before = await findLatest(store, reference);
    assertUpdatable(before.record, arn); // Spares the unpacking; decided again under the lock.
    const packageType = packageTypeOf(before.record);
    const given = await givenCode(parts, input, packageType, context.accountId);
    if (input.Architectures?.[0]) validateArchitecture(input.Architectures[0], parts.limits);
    await assertCodeStorage(parts, reference, given.bytes * (input.Publish ? 2 : 1) - before.record.codeSize);
    const code = await given.store();

    const written = await store.change<Written>(reference, async ({ owner, record }, change) => {
      if (input.RevisionId !== undefined && input.RevisionId !== record.revisionId) throw staleRevision();
      assertUpdatable(record, arn);
      if (packageTypeOf(record) !== packageType) throw functionNotFound(arn); // Deleted and made anew meanwhile.
      checkDeployment(await parts.codeSigning.ofFunction(owner.id, change.client), arn, parts.onUnsignedCode);
      await assertUnzippedSize(parts, code.codeDigest, record.layers);
      const architecture = input.Architectures?.[0] ?? record.architecture;
      const settled = { ...record, ...code, architecture, configSha256: configSha256({ ...record, architecture }, record.environmentId) };
      if (input.DryRun) return { answer: { owner, record: settled }, begun: [] };
      await change.holdPackage(code.codeDigest);
      await given.ensure();
      const now = new Date(clock.now());
      const latest: VersionRecord = { ...settled, ...updating(record), revisionId: randomUUID(), lastModified: now };
      await change.update(latest, record);
      const begun = [{ owner, record: latest }];
      if (!input.Publish) return { answer: begun[0]!, begun };
      const same = await unchangedVersion(latest, owner.nextVersion, change);
      const published = { owner, record: same ?? (await publishCopy(latest, created(), undefined, now, change)) };
      return { answer: published, begun: [...begun, published] };
    });
    if (written === undefined) throw functionNotFound(arn);
    for (const found of written.begun) preparations.begin(found);
    return functionConfiguration(written.answer.owner, written.answer.record, vault, { qualifier: input.Publish && !input.DryRun ? written.answer.record.version : undefined });
  };
}
