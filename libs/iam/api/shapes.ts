import { identityArn, type Identity } from '../store/identities.js';
import type { ManagedPolicy, PolicyVersion } from '../store/managed-policies.js';

/* Answers of the API (spec/iam-and-sts.md 6.1). Lists leave out what only the Get operations tell. */

/** Policy documents in answers: JSON text, percent-encoded as RFC 3986 has it. SDKs decode. */
export function encodedDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function listedUser(user: Identity): Record<string, unknown> {
  return { Path: user.path, UserName: user.name, UserId: user.id, Arn: identityArn(user), CreateDate: user.createdAt };
}

export function fullUser(user: Identity): Record<string, unknown> {
  return { ...listedUser(user), ...boundary(user), ...tags(user) };
}

export function group(found: Identity): Record<string, unknown> {
  return { Path: found.path, GroupName: found.name, GroupId: found.id, Arn: identityArn(found), CreateDate: found.createdAt };
}

export function listedRole(role: Identity): Record<string, unknown> {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: identityArn(role),
    CreateDate: role.createdAt,
    AssumeRolePolicyDocument: encodedDocument(role.trustPolicy!),
    ...(role.description === null ? {} : { Description: role.description }),
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

export function fullRole(role: Identity): Record<string, unknown> {
  const used = role.lastUsedAt === null ? {} : { LastUsedDate: role.lastUsedAt, Region: role.lastUsedRegion };
  return { ...listedRole(role), ...boundary(role), ...tags(role), RoleLastUsed: used };
}

export function listedPolicy(policy: ManagedPolicy): Record<string, unknown> {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: policy.attachments,
    PermissionsBoundaryUsageCount: policy.boundaries,
    IsAttachable: true,
    CreateDate: policy.createdAt,
    UpdateDate: policy.updatedAt,
  };
}

export function fullPolicy(policy: ManagedPolicy): Record<string, unknown> {
  return {
    ...listedPolicy(policy),
    ...(policy.description === null ? {} : { Description: policy.description }),
    ...(policy.tags.length === 0 ? {} : { Tags: policy.tags }),
  };
}

export function listedVersion(version: PolicyVersion): Record<string, unknown> {
  return { VersionId: version.versionId, IsDefaultVersion: version.isDefault, CreateDate: version.createdAt };
}

function boundary({ boundaryArn }: Identity): Record<string, unknown> {
  return boundaryArn === null
    ? {}
    : { PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: boundaryArn } };
}

function tags({ tags: given }: Identity): Record<string, unknown> {
  return given.length === 0 ? {} : { Tags: given };
}
