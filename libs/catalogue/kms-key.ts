import type { NamedKey } from '@hearth/iam';
import type { EnvironmentVault } from './environment.js';
import { invalidParameter } from './errors.js';

/** `key/NAME` or `alias/NAME`: keys are known by their names, so both are the same. */
const KEY_ARN = /^arn:(?:aws[a-zA-Z-]*)?:kms:([^:]*):(\d{12}):(key|alias)\/(.+)$/;
/** What Lambda itself encrypts with when nothing is said. */
const LAMBDA_ALIAS = 'aws/lambda';

/** The key that a stored KMSKeyArn names; undefined: the platform's own. */
export function keyOf(kmsKeyArn: string | null): NamedKey | undefined {
  const match = kmsKeyArn === null ? null : KEY_ARN.exec(kmsKeyArn);
  if (match === null || match[4] === LAMBDA_ALIAS) return undefined;
  return { accountId: match[2]!, name: match[4]! };
}

/**
 * Whether the caller's account has the key that KMSKeyArn names.
 * @throws ServiceError InvalidParameterValueException, as Lambda reports what KMS answered
 */
export async function assertKey(vault: EnvironmentVault, kmsKeyArn: string | null, place: { accountId: string; region: string }): Promise<void> {
  if (kmsKeyArn === null) return;
  const match = KEY_ARN.exec(kmsKeyArn);
  if (match === null) throw unusableKey('InvalidArnException', `Invalid arn ${kmsKeyArn}`);
  const [, region, accountId, kind, name] = match;
  if (region !== place.region) throw unusableKey('InvalidArnException', `Invalid arn ${region}`);
  if (kind === 'alias' && name === LAMBDA_ALIAS) return;
  if (accountId === place.accountId && (await vault.hasKey({ accountId, name: name! }))) return;
  throw unusableKey('NotFoundException', kind === 'key' ? `Key '${kmsKeyArn}' does not exist` : `Alias ${kmsKeyArn} is not found.`);
}

function unusableKey(exception: string, message: string): Error {
  return invalidParameter(
    'Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant. Please check your KMS key settings. ' +
      `KMS Exception: ${exception} KMS Message: ${message}`,
  );
}
