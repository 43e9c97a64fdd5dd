import type { FunctionRecord, RecursiveLoop, ServedVersion, VersionRecord } from './function-record.js';

/** Columns of function_versions in the order in which `versionValues` gives their values. */
const COLUMNS = [
  'function_id',
  'version',
  'version_number',
  'runtime',
  'handler',
  'role',
  'description',
  'memory_mb',
  'timeout_seconds',
  'ephemeral_storage_mb',
  'architecture',
  'sealed_environment',
  'code_sha256',
  'code_digest',
  'code_size',
  'logging_config',
  'other_config',
  'config_sha256',
  'state',
  'state_reason',
  'state_reason_code',
  'last_update_status',
  'last_update_reason',
  'last_update_reason_code',
  'revision_id',
  'last_modified',
  'serving',
  'serving_code_digest',
  'serving_revision',
  'layers',
  'layer_digests',
  'environment_id',
  'kms_key_arn',
] as const;

type Row = Record<(typeof COLUMNS)[number], any>;

const PLACES = COLUMNS.map((_, index) => `$${index + 1}`).join(', ');

export const INSERT_VERSION = `INSERT INTO function_versions (${COLUMNS.join(', ')}) VALUES (${PLACES})`;
/** $1 and $2 are the key. */
export const UPDATE_VERSION =
  `UPDATE function_versions SET ${COLUMNS.map((column, index) => `${column} = $${index + 1}`).slice(2).join(', ')} ` + 'WHERE function_id = $1 AND version = $2';

/** Columns of both tables for reads that join them as f and v. */
export const VERSION_COLUMNS = `f.id, f.account_id, f.region, f.name, f.next_version, f.tags, f.reserved_concurrency, f.recursive_loop, ${COLUMNS.map((column) => `v.${column}`).join(', ')}`;
export const SELECT_VERSION = `SELECT ${VERSION_COLUMNS} FROM functions f JOIN function_versions v ON v.function_id = f.id`;

export function versionValues(record: VersionRecord): unknown[] {
  return [
    record.functionId,
    record.version,
    record.versionNumber,
    record.runtime,
    record.handler,
    record.role,
    record.description,
    record.memoryMb,
    record.timeoutSeconds,
    record.ephemeralStorageMb,
    record.architecture,
    record.sealedEnvironment,
    record.codeSha256,
    record.codeDigest,
    record.codeSize,
    record.loggingConfig,
    { TracingConfig: { Mode: record.tracingMode }, ...(record.durableConfig && { DurableConfig: record.durableConfig }), ...(record.image && { Image: record.image }), ...(record.imageConfig && { ImageConfig: record.imageConfig }), ...(record.vpcConfig && { VpcConfig: record.vpcConfig }) },
    record.configSha256,
    record.state,
    record.stateReason,
    record.stateReasonCode,
    record.lastUpdateStatus,
    record.lastUpdateReason,
    record.lastUpdateReasonCode,
    record.revisionId,
    record.lastModified,
    record.serving === null ? null : { ...record.serving, sealedEnvironment: record.serving.sealedEnvironment?.toString('base64') ?? null },
    record.serving?.codeDigest ?? null,
    record.servingRevision,
    JSON.stringify(record.layers), // pg would make a list of texts of it.
    layerDigests(record),
    record.environmentId,
    record.kmsKeyArn,
  ];
}

function layerDigests(record: VersionRecord): string[] {
  return [...new Set([...record.layers, ...(record.serving?.layers ?? [])].map(({ digest }) => digest))];
}

export function toVersion(row: Row): VersionRecord {
  return {
    functionId: row.function_id,
    version: row.version,
    versionNumber: row.version_number,
    runtime: row.runtime,
    handler: row.handler,
    role: row.role,
    description: row.description,
    memoryMb: row.memory_mb,
    timeoutSeconds: row.timeout_seconds,
    ephemeralStorageMb: row.ephemeral_storage_mb,
    architecture: row.architecture,
    sealedEnvironment: row.sealed_environment,
    codeSha256: row.code_sha256,
    codeDigest: row.code_digest,
    codeSize: Number(row.code_size),
    loggingConfig: row.logging_config,
    tracingMode: row.other_config.TracingConfig?.Mode ?? 'PassThrough',
    durableConfig: row.other_config.DurableConfig ?? null,
    vpcConfig: row.other_config.VpcConfig ?? null,
    image: row.other_config.Image ?? null,
    imageConfig: row.other_config.ImageConfig ?? null,
    configSha256: row.config_sha256,
    state: row.state,
    stateReason: row.state_reason,
    stateReasonCode: row.state_reason_code,
    lastUpdateStatus: row.last_update_status,
    lastUpdateReason: row.last_update_reason,
    lastUpdateReasonCode: row.last_update_reason_code,
    revisionId: row.revision_id,
    lastModified: row.last_modified,
    serving: row.serving === null ? null : toServed(row.serving),
    servingRevision: row.serving_revision,
    layers: row.layers,
    environmentId: row.environment_id,
    kmsKeyArn: row.kms_key_arn,
  };
}

export function toFunction(row: { id: string; account_id: string; region: string; name: string; next_version: number; tags: Record<string, string>; reserved_concurrency: number | null; recursive_loop: RecursiveLoop }): FunctionRecord {
  return { id: row.id, accountId: row.account_id, region: row.region, name: row.name, nextVersion: row.next_version, tags: row.tags, reservedConcurrency: row.reserved_concurrency, recursiveLoop: row.recursive_loop };
}

/** Copies from before there were layers or images have none. */
function toServed(stored: Omit<ServedVersion, 'sealedEnvironment' | 'layers' | 'image' | 'imageConfig'> & Partial<Pick<ServedVersion, 'layers' | 'image' | 'imageConfig'>> & { sealedEnvironment: string | null }): ServedVersion {
  return { ...stored, layers: stored.layers ?? [], image: stored.image ?? null, imageConfig: stored.imageConfig ?? null, sealedEnvironment: stored.sealedEnvironment === null ? null : Buffer.from(stored.sealedEnvironment, 'base64') };
}
