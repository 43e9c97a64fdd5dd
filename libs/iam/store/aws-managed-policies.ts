import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { derivedIamId } from './iam-id.js';

/** A policy of AWS: the same in every account, immutable, with its default version only. */
export interface AwsManagedPolicy {
  arn: string;
  id: string;
  name: string;
  path: string;
  createDate: Date;
  versionId: string;
  versionDate: Date;
  /** JSON text. */
  document: string;
}

interface Row {
  arn: string;
  createDate: string;
  versionId: string;
  versionDate: string;
  document: object;
}

const PREFIX = 'arn:aws:iam::aws:policy';

let loaded: ReadonlyMap<string, AwsManagedPolicy> | undefined;

/** By ARN, in the order of their names. Read from the committed data at the first use. */
export function awsManagedPolicies(): ReadonlyMap<string, AwsManagedPolicy> {
  return (loaded ??= load());
}

export function isAwsManaged(policyArn: string): boolean {
  return policyArn.startsWith(`${PREFIX}/`);
}

function load(): ReadonlyMap<string, AwsManagedPolicy> {
  const { policies } = JSON.parse(readFileSync(join(projectRoot(), 'libs/iam/store/aws-managed-policies.json'), 'utf8')) as {
    policies: Row[];
  };
  return new Map(
    policies
      .map(toPolicy)
      .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
      .map((policy) => [policy.arn, policy]),
  );
}

function toPolicy({ arn, createDate, versionId, versionDate, document }: Row): AwsManagedPolicy {
  const resource = arn.slice(PREFIX.length);
  const name = resource.slice(resource.lastIndexOf('/') + 1);
  return {
    arn,
    id: derivedIamId('ANPA', createHash('sha256').update(arn).digest()),
    name,
    path: resource.slice(0, -name.length),
    createDate: new Date(createDate),
    versionId,
    versionDate: new Date(versionDate),
    document: JSON.stringify(document),
  };
}
