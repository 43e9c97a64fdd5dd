import type { Clock } from '@hearth/kernel';
import { invalidToken } from '../errors.js';
import type { ProvisionedCapacity } from '../provisioned-port.js';
import type { Place, ScalingStore } from '../scaling-store.js';

/** What the operations work with. */
export interface ScalingParts {
  store: ScalingStore;
  provisioned: ProvisionedCapacity;
  clock: Clock;
}

export const MAX_PAGE = 50;

export function targetArn({ accountId, region }: Place, arnId: string): string {
  return `arn:aws:application-autoscaling:${region}:${accountId}:scalable-target/${arnId}`;
}

/** The role that AWS would assume; here nothing is needed to act. */
export function serviceRoleArn({ accountId }: Place): string {
  return `arn:aws:iam::${accountId}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency`;
}

export function writeToken(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** @throws ServiceError InvalidNextTokenException */
export function readToken(token: string | undefined, parts: number): string[] {
  if (token === undefined) return Array.from({ length: parts }, () => '');
  try {
    const key: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    // Postgres has no NUL in texts.
    if (Array.isArray(key) && key.length === parts && key.every((part) => typeof part === 'string' && !part.includes('\0'))) return key as string[];
  } catch {
    // Not JSON: refused below like any other text.
  }
  throw invalidToken();
}
