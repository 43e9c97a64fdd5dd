import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { configNotFound } from '../code-signing/errors.js';
import { checkDeployment } from '../code-signing/deployment-check.js';
import { configForFunction } from '../code-signing/find-config.js';
import { givenCode, type CodeInput } from '../code-input.js';
import { assertCodeStorage } from '../code-storage.js';
import { configSha256 } from '../config-hash.js';
import { validateEnvironment } from '../environment.js';
import { conflict, invalidParameter, validationError } from '../errors.js';
import { LATEST, type FunctionRecord, type VersionRecord } from '../function-record.js';
import { created } from '../function-state.js';
import { assertIsolation } from '../isolation-tag.js';
import { assertKey, keyOf } from '../kms-key.js';
import { unqualifiedArn } from '../latest-only.js';
import { vpcSettings, type VpcConfigInput } from '../networks/vpc-config.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { numberedCopy } from '../publish.js';
import { settingsOfCreate } from '../settings.js';
import { assertTags } from '../tags.js';
import { assertUnzippedSize, holdLayers, usedLayers } from '../used-layers.js';

interface CreateFunctionInput {
  FunctionName: string;
  Code: CodeInput;
  PackageType?: 'Zip' | 'Image';
  Layers?: string[];
  Environment?: { Variables?: Record<string, string> };
  VpcConfig?: VpcConfigInput;
  Tags?: Record<string, string>;
  Publish?: boolean;
  CodeSigningConfigArn?: string;
}

const NAME = /^[a-zA-Z0-9-_]+$/;

export function createFunction(parts: CatalogueParts): OperationHandler {
  const { store, vault, clock } = parts;
  return async (input: CreateFunctionInput, context) => {
    const reference = referenceOf(input, context, 'CreateFunction');
    if (!NAME.test(reference.name)) throw validationError(input.FunctionName, 'functionName', 'Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+');
    if (reference.qualifier !== undefined) throw invalidParameter('FunctionName: a new function cannot be given a qualifier.');
    const settings = { ...settingsOfCreate(input, reference.name, parts.limits), layers: await usedLayers(parts, input.Layers ?? [], context), vpcConfig: await vpcSettings(input.VpcConfig, null, reference.accountId, () => parts.networks(reference.accountId)) };
    const variables = input.Environment && (input.Environment.Variables ?? {});
    if (variables) validateEnvironment(variables);
    await assertKey(vault, settings.kmsKeyArn, reference);
    assertTags(input.Tags ?? {});
    assertIsolation(input.Tags ?? {});
    const taken = () => conflict(`Function already exist: ${reference.name}`);
    if (await store.find(reference, LATEST)) throw taken(); // Spares the unpacking; the insert below decides.
    const signing = input.CodeSigningConfigArn ? await configForFunction(parts.codeSigning, input.CodeSigningConfigArn, context) : undefined;
    if (signing !== undefined && input.PackageType === 'Image') throw invalidParameter('Code signing is not supported for functions with PackageType Image.');
    checkDeployment(signing, unqualifiedArn(reference), parts.onUnsignedCode);
    const given = await givenCode(parts, input.Code ?? {}, input.PackageType ?? 'Zip', context.accountId, 'creating');
    await assertCodeStorage(parts, reference, given.bytes * (input.Publish ? 2 : 1));
    const code = await given.store();
    await assertUnzippedSize(parts, code.codeDigest, settings.layers);

    const now = new Date(clock.now());
    const functionId = randomUUID();
    const owner: FunctionRecord = { id: functionId, accountId: reference.accountId, region: reference.region, name: reference.name, nextVersion: input.Publish ? 2 : 1, tags: input.Tags ?? {}, reservedConcurrency: null, recursiveLoop: 'Terminate' };
    const environmentId = variables ? randomUUID() : null;
    const latest: VersionRecord = {
      functionId,
      version: LATEST,
      versionNumber: 0,
      ...settings,
      ...code,
      ...created(),
      sealedEnvironment: variables ? await vault.seal(functionId, variables, keyOf(settings.kmsKeyArn)) : null,
      environmentId,
      configSha256: configSha256(settings, environmentId),
      revisionId: randomUUID(),
      lastModified: now,
      serving: null,
      servingRevision: randomUUID(),
    };
    const records = input.Publish ? [latest, numberedCopy(latest, 1, created(), undefined, now)] : [latest];
    const inserted = await store.insertFunction(owner, records, async (change) => {
      await given.ensure();
      await holdLayers(parts, settings.layers, [], change);
      if (signing !== undefined && !(await parts.codeSigning.attach(functionId, signing.id, change.client))) throw configNotFound(input.CodeSigningConfigArn!);
    });
    if (!inserted) throw taken();
    for (const record of records) parts.preparations.begin({ owner, record });
    // With Publish the answer is version 1, but its ARN stays unqualified (spec/lambda-api.md 3).
    return functionConfiguration(owner, records.at(-1)!, vault);
  };
}
