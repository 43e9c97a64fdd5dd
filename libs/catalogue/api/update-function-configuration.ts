import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { configSha256 } from '../config-hash.js';
import { validateEnvironment } from '../environment.js';
import { functionNotFound, staleRevision } from '../errors.js';
import type { VersionRecord } from '../function-record.js';
import { assertUpdatable, updating } from '../function-state.js';
import { assertKey, keyOf } from '../kms-key.js';
import { findLatest, unqualifiedArn } from '../latest-only.js';
import { vpcSettings, type VpcConfigInput } from '../networks/vpc-config.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import type { Written } from '../publish.js';
import { settingsOfUpdate } from '../settings.js';
import { assertUnzippedSize, holdLayers, usedLayers } from '../used-layers.js';

interface UpdateFunctionConfigurationInput {
  FunctionName: string;
  Layers?: string[];
  Environment?: { Variables?: Record<string, string> };
  VpcConfig?: VpcConfigInput;
  RevisionId?: string;
  KMSKeyArn?: string;
}

export function updateFunctionConfiguration(parts: CatalogueParts): OperationHandler {
  const { store, vault, clock, preparations } = parts;

  /** The id stays when the variables do: the configuration's hash is over it. */
  async function environmentOf(record: VersionRecord, given: Record<string, string> | undefined, kmsKeyArn: string | null): Promise<Pick<VersionRecord, 'sealedEnvironment' | 'environmentId'>> {
    const { functionId, sealedEnvironment, environmentId } = record;
    if (given === undefined && kmsKeyArn === record.kmsKeyArn) return { sealedEnvironment, environmentId };
    const current = sealedEnvironment === null ? undefined : await vault.open(functionId, sealedEnvironment);
    const variables = given ?? current;
    if (variables === undefined) return { sealedEnvironment, environmentId };
    const same = isDeepStrictEqual(variables, current);
    if (same && kmsKeyArn === record.kmsKeyArn) return { sealedEnvironment, environmentId };
    return { sealedEnvironment: await vault.seal(functionId, variables, keyOf(kmsKeyArn)), environmentId: same ? environmentId : randomUUID() };
  }

  return async (input: UpdateFunctionConfigurationInput, context) => {
    const reference = referenceOf(input, context, 'UpdateFunctionConfiguration');
    const arn = unqualifiedArn(reference);
    const before = await findLatest(store, reference);
    const layers = input.Layers && (await usedLayers(parts, input.Layers, context, before.record.layers));
    const variables = input.Environment && { ...input.Environment.Variables };
    if (variables) validateEnvironment(variables);
    await assertKey(vault, input.KMSKeyArn || null, reference);
    const vpcConfig = await vpcSettings(input.VpcConfig, before.record.vpcConfig, reference.accountId, () => parts.networks(reference.accountId));

    const written = await store.change<Written>(reference, async ({ owner, record }, change) => {
      const settings = { ...settingsOfUpdate(record, input, owner.name, parts.limits), layers: layers ?? record.layers, ...(input.VpcConfig && { vpcConfig }) };
      if (input.RevisionId !== undefined && input.RevisionId !== record.revisionId) throw staleRevision();
      assertUpdatable(record, arn);
      if (layers !== undefined) {
        await assertUnzippedSize(parts, record.codeDigest, layers);
        await holdLayers(parts, layers, record.layers, change);
      }
      const environment = await environmentOf(record, variables, settings.kmsKeyArn);
      const latest: VersionRecord = {
        ...record,
        ...settings,
        ...updating(record),
        ...environment,
        configSha256: configSha256(settings, environment.environmentId),
        revisionId: randomUUID(),
        lastModified: new Date(clock.now()),
      };
      await change.update(latest, record);
      const found = { owner, record: latest };
      return { answer: found, begun: [found] };
    });
    if (written === undefined) throw functionNotFound(arn);
    for (const found of written.begun) preparations.begin(found);
    return functionConfiguration(written.answer.owner, written.answer.record, vault);
  };
}
