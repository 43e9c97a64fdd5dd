import { randomInt } from 'node:crypto';
import { lambdaTimestamp, parseArn } from '@hearth/kernel';

export type SigningPolicy = 'Warn' | 'Enforce';

export interface CodeSigningConfig {
  /** `csc-` and 17 lower-case letters and digits. */
  id: string;
  accountId: string;
  region: string;
  /** Absent when never given. */
  description?: string;
  /** ARNs of signing profile versions. */
  allowedPublishers: string[];
  untrustedArtifacts: SigningPolicy;
  tags: Record<string, string>;
  lastModified: Date;
}

export interface AllowedPublishers {
  SigningProfileVersionArns: string[];
}

export interface CodeSigningPolicies {
  UntrustedArtifactOnDeployment?: SigningPolicy;
}

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 17;

export function newConfigId(): string {
  return `csc-${Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('')}`;
}

export function configArn({ region, accountId, id }: Pick<CodeSigningConfig, 'region' | 'accountId' | 'id'>): string {
  return `arn:aws:lambda:${region}:${accountId}:code-signing-config:${id}`;
}

/** Account, region and id in an ARN that has passed the model's pattern. */
export function parseConfigArn(arn: string): { accountId: string; region: string; id: string } {
  const parsed = parseArn(arn);
  return { accountId: parsed?.accountId ?? '', region: parsed?.region ?? '', id: parsed?.resource.split(':')[1] ?? '' };
}

/** CodeSigningConfig of spec/lambda-api.md 4.10. */
export function shownConfig(config: CodeSigningConfig): Record<string, unknown> {
  return {
    CodeSigningConfigId: config.id,
    CodeSigningConfigArn: configArn(config),
    ...(config.description === undefined ? {} : { Description: config.description }),
    AllowedPublishers: { SigningProfileVersionArns: config.allowedPublishers },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment: config.untrustedArtifacts },
    LastModified: lambdaTimestamp(config.lastModified.getTime()),
  };
}
