import type { OperationContext } from '@hearth/aws-wire';
import { parseArn } from '@hearth/kernel';
import { invalidParameter, notFound } from './errors.js';

export interface LayerReference {
  accountId: string;
  region: string;
  name: string;
  /** `arn:aws:lambda:REGION:ACCOUNT:layer:NAME` */
  arn: string;
}

export interface LayerVersionReference extends LayerReference {
  version: number;
  /** `arn` with `:VERSION`. */
  versionArn: string;
}

/** A name, or the ARN of a layer; the model has checked the form. */
export function parseLayerName(text: string, context: Pick<OperationContext, 'accountId' | 'region'>): LayerReference {
  const arn = parseArn(text);
  if (arn === undefined) return { accountId: context.accountId, region: context.region, name: text, arn: layerArn(context.region, context.accountId, text) };
  return { accountId: arn.accountId, region: arn.region, name: arn.resource.slice('layer:'.length), arn: text };
}

/** @throws ServiceError InvalidParameterValueException for numbers below 1 */
export function layerVersionOf(layer: LayerReference, version: number): LayerVersionReference {
  if (version < 1) throw invalidParameter('Layer Version Cannot be less than 1');
  return { ...layer, version, versionArn: `${layer.arn}:${version}` };
}

/** @returns undefined for anything but `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION` */
export function parseLayerVersionArn(text: string): LayerVersionReference | undefined {
  const found = /^arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]{1,140}):([0-9]{1,9})$/.exec(text);
  if (found === null) return undefined;
  const [, region, accountId, name, version] = found as unknown as [string, string, string, string, string];
  return { accountId, region, name, arn: layerArn(region, accountId, name), version: Number(version), versionArn: text };
}

export function layerArn(region: string, accountId: string, name: string): string {
  return `arn:aws:lambda:${region}:${accountId}:layer:${name}`;
}

export function noSuchLayerVersion(): Error {
  return notFound('The resource you requested does not exist.');
}
