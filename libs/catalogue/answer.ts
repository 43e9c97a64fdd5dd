import { functionArn, lambdaTimestamp } from '@hearth/kernel';
import type { EnvironmentVault } from './environment.js';
import { packageTypeOf, type FunctionRecord, type VersionRecord } from './function-record.js';
import { vpcAnswer } from './networks/vpc-config.js';

export interface AnswerForm {
  /** Qualifier to show in FunctionArn; absent when the caller used none. */
  qualifier?: string;
  /** Lists leave out the states (spec/lambda-api.md 1.4). */
  inList?: boolean;
}

/** FunctionConfiguration of spec/lambda-api.md 3. */
export async function functionConfiguration(owner: FunctionRecord, record: VersionRecord, vault: EnvironmentVault, form: AnswerForm = {}): Promise<Record<string, unknown>> {
  const variables = record.sealedEnvironment === null ? undefined : await vault.open(owner.id, record.sealedEnvironment);
  return withoutEmpty({
    FunctionName: owner.name,
    FunctionArn: functionArn(owner.region, owner.accountId, owner.name, form.qualifier),
    Runtime: record.image ? undefined : record.runtime,
    Role: record.role,
    Handler: record.image ? undefined : record.handler,
    CodeSize: record.codeSize,
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    LastModified: lambdaTimestamp(record.lastModified.getTime()),
    CodeSha256: record.codeSha256,
    ConfigSha256: record.configSha256,
    Version: record.version,
    Environment: variables && { Variables: variables },
    KMSKeyArn: record.kmsKeyArn,
    Layers: record.layers.length === 0 ? undefined : record.layers.map(({ arn, codeSize }) => ({ Arn: arn, CodeSize: codeSize })),
    TracingConfig: { Mode: record.tracingMode },
    RevisionId: record.revisionId,
    PackageType: packageTypeOf(record),
    ImageConfigResponse: record.imageConfig && { ImageConfig: record.imageConfig },
    Architectures: [record.architecture],
    EphemeralStorage: { Size: record.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: record.loggingConfig,
    DurableConfig: record.durableConfig,
    VpcConfig: vpcAnswer(record.vpcConfig),
    ...(form.inList ? {} : stateMembers(record)),
  });
}

function stateMembers(record: VersionRecord): Record<string, unknown> {
  return {
    State: record.state,
    StateReason: record.stateReason,
    StateReasonCode: record.stateReasonCode,
    LastUpdateStatus: record.lastUpdateStatus,
    LastUpdateStatusReason: record.lastUpdateReason,
    LastUpdateStatusReasonCode: record.lastUpdateReasonCode,
  };
}

function withoutEmpty(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}
