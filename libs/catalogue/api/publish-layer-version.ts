import type { OperationHandler } from '@hearth/aws-wire';
import { archiveOf, ensurePackage, storeArchive, type CodeInput } from '../code-input.js';
import { assertCodeStorage } from '../code-storage.js';
import { assertOwnLayer } from '../layer-access.js';
import { layerVersion } from '../layer-answer.js';
import { parseLayerName } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';

interface PublishLayerVersionInput {
  LayerName: string;
  Content: CodeInput;
  Description?: string;
  CompatibleRuntimes?: string[];
  CompatibleArchitectures?: string[];
  LicenseInfo?: string;
}

export function publishLayerVersion(parts: CatalogueParts): OperationHandler {
  return async (input: PublishLayerVersionInput, context) => {
    const layer = parseLayerName(input.LayerName, context);
    assertOwnLayer(layer, context, 'PublishLayerVersion');
    const archive = await archiveOf(parts, input.Content, context.accountId);
    await assertCodeStorage(parts, layer, archive.length);
    const code = await storeArchive(parts, archive);
    const record = await parts.layers.publish(
      {
        accountId: layer.accountId,
        region: layer.region,
        name: layer.name,
        ...code,
        unzippedSize: await parts.packages.unzippedSize(code.codeDigest),
        description: input.Description ?? '',
        licenseInfo: input.LicenseInfo ?? null,
        compatibleRuntimes: input.CompatibleRuntimes ?? [],
        compatibleArchitectures: input.CompatibleArchitectures ?? [],
        createdAt: new Date(parts.clock.now()),
      },
      () => ensurePackage(parts, code.codeDigest, archive),
    );
    return layerVersion(record, parts, context);
  };
}
