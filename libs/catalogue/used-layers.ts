import { MAX_UNZIPPED_BYTES } from '@hearth/artifacts';
import type { OperationContext } from '@hearth/aws-wire';
import { invalidParameter } from './errors.js';
import type { UsedLayer } from './function-record.js';
import { assertLayerRegion } from './layer-access.js';
import { layerVersionExists } from './layer-store.js';
import { parseLayerVersionArn } from './parse-layer-name.js';
import type { CatalogueParts } from './parts.js';
import type { FunctionChange } from './store.js';

const MAX_LAYERS = 5;

/**
 * What a `Layers` member names (texts: spec/lambda-api.md 4.1).
 * @param held of the function already: usable even if deleted meanwhile
 * That the caller may read them is the guard's matter: lambda:GetLayerVersion on each.
 * @throws ServiceError InvalidParameterValueException
 */
export async function usedLayers({ layers }: Pick<CatalogueParts, 'layers'>, arns: readonly string[], context: OperationContext, held: readonly UsedLayer[] = []): Promise<UsedLayer[]> {
  if (arns.length > MAX_LAYERS) throw invalidParameter(`Cannot reference more than ${MAX_LAYERS} layers.`);
  const byLayer = new Map<string, string>();
  const found: UsedLayer[] = [];
  for (const arn of arns) {
    const reference = parseLayerVersionArn(arn);
    if (reference === undefined) throw noSuchLayer(arn);
    assertLayerRegion(reference, context.region);
    const other = byLayer.get(reference.arn);
    if (other !== undefined) {
      throw invalidParameter(`Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`);
    }
    byLayer.set(reference.arn, arn);
    const kept = held.find((layer) => layer.arn === arn);
    if (kept !== undefined) {
      found.push(kept);
      continue;
    }
    const record = await layers.find(reference, reference.version);
    if (record === undefined) throw noSuchLayer(arn);
    found.push({ arn, digest: record.codeDigest, codeSize: record.codeSize, unzippedSize: record.unzippedSize });
  }
  return found;
}

/**
 * Code and layers together (spec/lambda-api.md 3.2).
 * @throws ServiceError InvalidParameterValueException
 */
export async function assertUnzippedSize({ packages }: Pick<CatalogueParts, 'packages'>, codeDigest: string, layers: readonly UsedLayer[]): Promise<void> {
  if (layers.length === 0) return; // The package by itself was checked when it was stored.
  const size = layers.reduce((sum, { unzippedSize }) => sum + unzippedSize, await packages.unzippedSize(codeDigest));
  if (size >= MAX_UNZIPPED_BYTES) throw invalidParameter(`Unzipped size must be smaller than ${MAX_UNZIPPED_BYTES} bytes`);
}

/**
 * For the transaction that makes a function use layers it did not use before: they can be deleted, and their packages swept,
 * until it holds them (store.ts, invariant 2).
 * @throws ServiceError InvalidParameterValueException
 */
export async function holdLayers({ packages }: Pick<CatalogueParts, 'packages'>, layers: readonly UsedLayer[], held: readonly UsedLayer[], change: Pick<FunctionChange, 'client' | 'holdPackage'>): Promise<void> {
  for (const { arn, digest } of layers.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))) {
    await change.holdPackage(digest);
    if (held.some((layer) => layer.arn === arn)) continue;
    const { version, ...place } = parseLayerVersionArn(arn)!;
    if (!(await layerVersionExists(change.client, place, version)) || !(await packages.has(digest))) throw noSuchLayer(arn);
  }
}

function noSuchLayer(arn: string): Error {
  return invalidParameter(`Layer version ${arn} does not exist.`);
}
