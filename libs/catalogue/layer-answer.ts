import type { OperationContext } from '@hearth/aws-wire';
import { lambdaTimestamp } from '@hearth/kernel';
import type { LayerRecord } from './layer-store.js';
import { layerArn } from './parse-layer-name.js';
import type { CatalogueParts } from './parts.js';

/** Item of the lists (spec/lambda-api.md 4.4). */
export function layerVersionItem(record: LayerRecord): Record<string, unknown> {
  return {
    LayerVersionArn: `${layerArn(record.region, record.accountId, record.name)}:${record.version}`,
    Version: record.version,
    Description: record.description,
    CreatedDate: lambdaTimestamp(record.createdAt.getTime()),
    ...(record.compatibleRuntimes.length === 0 ? {} : { CompatibleRuntimes: record.compatibleRuntimes }),
    ...(record.compatibleArchitectures.length === 0 ? {} : { CompatibleArchitectures: record.compatibleArchitectures }),
    ...(record.licenseInfo === null ? {} : { LicenseInfo: record.licenseInfo }),
  };
}

/** Answer of GetLayerVersion and PublishLayerVersion. */
export async function layerVersion(record: LayerRecord, { codeLink }: CatalogueParts, context: OperationContext): Promise<Record<string, unknown>> {
  const location = await codeLink({ accountId: record.accountId, functionName: record.name, version: String(record.version), codeDigest: record.codeDigest }, context);
  return {
    Content: { Location: location, CodeSha256: record.codeSha256, CodeSize: record.codeSize },
    LayerArn: layerArn(record.region, record.accountId, record.name),
    ...layerVersionItem(record),
  };
}
