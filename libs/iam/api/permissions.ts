import type { Permission, PermissionMapping } from '@hearth/aws-wire';
import type { Database } from '@hearth/database';
import { accountRootArn } from '../access-key.js';
import { findIdentity, identityArn, nameKey, type IdentityKind } from '../store/identities.js';
import { policyArn } from '../store/managed-policies.js';
import type { Tag } from '../store/tag.js';
import { ABSENT_OF_ACCOUNTS, ABSENT_OF_USERS } from './absent-credentials.js';
import { IDENTITY_KINDS } from './identity-input.js';
import type { CallerContext } from './parts.js';
import { serviceLinkedRole } from './service-linked-roles.js';

export type { Permission, PermissionMapping };

interface Entity {
  resource: string;
  context: Record<string, string[]>;
}

type EntityLookup = (input: Record<string, unknown>, context: CallerContext) => Promise<Entity>;

/** Action, resource and condition keys of every operation of IAM (service authorization reference of IAM). */
export function iamPermissions(database: Database): Record<string, PermissionMapping> {
  const identity =
    (kind: IdentityKind, member: string): EntityLookup =>
    (input, context) =>
      identityEntity(database, context.accountId, kind, input[member] as string);
  const user = identity('user', 'UserName');
  const group = identity('group', 'GroupName');
  const role = identity('role', 'RoleName');
  const profile: EntityLookup = (input, context) =>
    profileEntity(database, context.accountId, input['InstanceProfileName'] as string);
  const policy: EntityLookup = (input, context) => policyEntity(database, context.accountId, input['PolicyArn'] as string);
  const caller: EntityLookup = (input, context) =>
    input['UserName'] === undefined ? Promise.resolve(callerEntity(context)) : user(input, context);
  const keyOwner: EntityLookup = (input, context) => keyOwnerEntity(database, context.accountId, input['AccessKeyId'] as string);

  const on = (
    lookup: EntityLookup,
    operations: string[],
    keys: (input: Record<string, unknown>) => Record<string, string[]> = requestTags,
  ): Record<string, PermissionMapping> =>
    table(operations, (operation) => async (input: Record<string, unknown>, context) => {
      const entity = await lookup(input, context);
      return { action: `iam:${operation}`, resource: entity.resource, context: { ...entity.context, ...keys(input) } };
    });
  const created = (
    operation: string,
    resource: (input: Record<string, string>, accountId: string) => string,
  ): Record<string, PermissionMapping> =>
    table([operation], () => (input: Record<string, string>, context) => ({
      action: `iam:${operation}`,
      resource: resource(input, context.accountId),
      context: { ...requestTags(input), ...givenBoundary(input) },
    }));
  const anywhere = (operations: string[]): Record<string, PermissionMapping> =>
    table(operations, (operation) => () => ({ action: `iam:${operation}`, resource: '*' }));
  const below = (operation: string, kind: string): Record<string, PermissionMapping> =>
    table([operation], () => (input: { PathPrefix?: string }, context) => ({
      action: `iam:${operation}`,
      resource: `arn:aws:iam::${context.accountId}:${kind}${input.PathPrefix ?? '/'}`,
    }));

  const ofKinds = IDENTITY_KINDS.map(({ kind, label, member }) => {
    const named = identity(kind, member);
    return {
      ...on(named, [`Attach${label}Policy`, `Detach${label}Policy`], attachedPolicy),
      ...on(named, [
        `ListAttached${label}Policies`,
        `Put${label}Policy`,
        `Get${label}Policy`,
        `List${label}Policies`,
        `Delete${label}Policy`,
      ]),
      ...(kind === 'group'
        ? {}
        : {
            ...on(named, [`Put${label}PermissionsBoundary`], givenBoundary),
            ...on(named, [`Delete${label}PermissionsBoundary`, `Tag${label}`, `Untag${label}`, `List${label}Tags`]),
          }),
    };
  });
  return {
    ...(Object.assign({}, ...ofKinds) as Record<string, PermissionMapping>),
    ...created('CreateUser', ({ Path, UserName }, accountId) => `arn:aws:iam::${accountId}:user${Path ?? '/'}${UserName}`),
    ...created('CreateGroup', ({ Path, GroupName }, accountId) => `arn:aws:iam::${accountId}:group${Path ?? '/'}${GroupName}`),
    ...created('CreateRole', ({ Path, RoleName }, accountId) => `arn:aws:iam::${accountId}:role${Path ?? '/'}${RoleName}`),
    ...created('CreatePolicy', ({ Path, PolicyName }, accountId) => policyArn(accountId, Path ?? '/', PolicyName!)),
    ...created(
      'CreateInstanceProfile',
      ({ Path, InstanceProfileName }, accountId) =>
        `arn:aws:iam::${accountId}:instance-profile${Path ?? '/'}${InstanceProfileName}`,
    ),
    CreateServiceLinkedRole: (input: { AWSServiceName: string; CustomSuffix?: string }, { accountId }) => {
      const { name, path } = serviceLinkedRole(input.AWSServiceName, input.CustomSuffix);
      return {
        action: 'iam:CreateServiceLinkedRole',
        resource: `arn:aws:iam::${accountId}:role${path}${name}`,
        context: { 'iam:AWSServiceName': [input.AWSServiceName] },
      };
    },
    ...on(caller, ['GetUser', 'CreateAccessKey', 'ListAccessKeys', 'UpdateAccessKey', 'DeleteAccessKey', ...ABSENT_OF_USERS]),
    ...on(keyOwner, ['GetAccessKeyLastUsed']),
    ...on(user, ['DeleteUser', 'ListGroupsForUser']),
    ...renamed('UpdateUser', user, 'NewPath', 'NewUserName', 'user'),
    ...on(group, ['GetGroup', 'DeleteGroup', 'AddUserToGroup', 'RemoveUserFromGroup']),
    ...renamed('UpdateGroup', group, 'NewPath', 'NewGroupName', 'group'),
    ...on(role, [
      'GetRole',
      'UpdateRole',
      'UpdateRoleDescription',
      'UpdateAssumeRolePolicy',
      'DeleteRole',
      'ListInstanceProfilesForRole',
      'DeleteServiceLinkedRole',
    ]),
    GetServiceLinkedRoleDeletionStatus: ({ DeletionTaskId }: { DeletionTaskId: string }, { accountId }) => {
      const resource = /^task(\/aws-service-role\/.+)\/[^/]+$/.exec(DeletionTaskId)?.[1];
      return {
        action: 'iam:GetServiceLinkedRoleDeletionStatus',
        resource: resource === undefined ? '*' : `arn:aws:iam::${accountId}:role${resource}`,
      };
    },
    ...on(policy, [
      ...[
        'GetPolicy',
        'DeletePolicy',
        'CreatePolicyVersion',
        'GetPolicyVersion',
        'ListPolicyVersions',
        'SetDefaultPolicyVersion',
        'DeletePolicyVersion',
      ],
      ...['ListEntitiesForPolicy', 'TagPolicy', 'UntagPolicy', 'ListPolicyTags'],
    ]),
    ...on(profile, [
      'GetInstanceProfile',
      'DeleteInstanceProfile',
      'RemoveRoleFromInstanceProfile',
      'TagInstanceProfile',
      'UntagInstanceProfile',
      'ListInstanceProfileTags',
    ]),
    AddRoleToInstanceProfile: async (input: Record<string, unknown>, context) => [
      { action: 'iam:AddRoleToInstanceProfile', ...(await profile(input, context)) },
      passRole((await role(input, context)).resource, 'ec2.amazonaws.com'),
    ],
    ...below('ListUsers', 'user'),
    ...below('ListGroups', 'group'),
    ...below('ListRoles', 'role'),
    ...below('ListInstanceProfiles', 'instance-profile'),
    ...anywhere(['ListPolicies', 'GetAccountSummary', 'GetAccountAuthorizationDetails', 'CreateAccountAlias', 'DeleteAccountAlias', 'ListAccountAliases']),
    ...anywhere(['SimulateCustomPolicy', 'GetContextKeysForCustomPolicy', ...ABSENT_OF_ACCOUNTS]),
    ...table(['SimulatePrincipalPolicy', 'GetContextKeysForPrincipalPolicy'], (operation) => ({ PolicySourceArn }: { PolicySourceArn: string }) => ({
      action: `iam:${operation}`,
      resource: PolicySourceArn,
    })),
  };
}

/** iam:PassRole: the caller hands the role to a service. */
export function passRole(roleArn: string, service: string): Permission {
  return { action: 'iam:PassRole', resource: roleArn, context: { 'iam:PassedToService': [service] } };
}

/** Renaming needs the permission on the old ARN and on the new one: nobody moves an entity to where he may not act. */
function renamed(
  operation: string,
  lookup: EntityLookup,
  pathMember: string,
  nameMember: string,
  kind: IdentityKind,
): Record<string, PermissionMapping> {
  return {
    [operation]: async (input: Record<string, string>, context) => {
      const { resource, context: keys } = await lookup(input, context);
      const full = resource.slice(`arn:aws:iam::${context.accountId}:${kind}`.length);
      const name = full.slice(full.lastIndexOf('/') + 1);
      const target = `arn:aws:iam::${context.accountId}:${kind}${input[pathMember] ?? full.slice(0, -name.length)}${input[nameMember] ?? name}`;
      const action = `iam:${operation}`;
      return target === resource
        ? { action, resource, context: keys }
        : [
            { action, resource, context: keys },
            { action, resource: target, context: keys },
          ];
    },
  };
}

function table(operations: string[], mapping: (operation: string) => PermissionMapping): Record<string, PermissionMapping> {
  return Object.fromEntries(operations.map((operation) => [operation, mapping(operation)]));
}

function requestTags(input: Record<string, unknown>): Record<string, string[]> {
  const tags = (input['Tags'] as Tag[] | undefined) ?? [];
  const keys = (input['TagKeys'] as string[] | undefined) ?? tags.map(({ Key }) => Key);
  return {
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]])),
    ...(keys.length === 0 ? {} : { 'aws:TagKeys': keys }),
  };
}

function givenBoundary(input: Record<string, unknown>): Record<string, string[]> {
  const boundary = input['PermissionsBoundary'];
  return typeof boundary === 'string' ? { 'iam:PermissionsBoundary': [boundary] } : {};
}

function attachedPolicy(input: Record<string, unknown>): Record<string, string[]> {
  return { 'iam:PolicyARN': [input['PolicyArn'] as string] };
}

function resourceTags(tags: Tag[]): Record<string, string[]> {
  return Object.fromEntries(
    tags.flatMap(({ Key, Value }) => [
      [`aws:ResourceTag/${Key}`, [Value]],
      [`iam:ResourceTag/${Key}`, [Value]],
    ]),
  );
}

/** An entity that does not exist stands at the root path: who may not act there does not learn whether it exists. */
async function identityEntity({ pool }: Database, accountId: string, kind: IdentityKind, name: string): Promise<Entity> {
  const found = await findIdentity(pool, accountId, kind, name);
  if (found === undefined) return { resource: identityArn({ accountId, kind, path: '/', name }), context: {} };
  return {
    resource: identityArn(found),
    context: {
      ...resourceTags(found.tags),
      ...(found.boundaryArn === null ? {} : { 'iam:PermissionsBoundary': [found.boundaryArn] }),
    },
  };
}

async function profileEntity({ pool }: Database, accountId: string, name: string): Promise<Entity> {
  const { rows } = await pool.query<{ path: string; tags: Tag[] }>(
    'SELECT path, tags FROM iam_instance_profiles WHERE account_id = $1 AND name_key = $2 AND name = $3',
    [accountId, nameKey(name), name],
  );
  return {
    resource: `arn:aws:iam::${accountId}:instance-profile${rows[0]?.path ?? '/'}${name}`,
    context: resourceTags(rows[0]?.tags ?? []),
  };
}

async function policyEntity({ pool }: Database, accountId: string, arn: string): Promise<Entity> {
  const { rows } = await pool.query<{ tags: Tag[] }>('SELECT tags FROM iam_policies WHERE arn = $1 AND account_id = $2', [
    arn,
    accountId,
  ]);
  return { resource: arn, context: resourceTags(rows[0]?.tags ?? []) };
}

/** Without a user name the caller is meant; sessions of roles are refused later, by the operation. */
function callerEntity({ accountId, principalArn }: CallerContext): Entity {
  return { resource: principalArn.startsWith('arn:aws:iam:') ? principalArn : accountRootArn(accountId), context: {} };
}

async function keyOwnerEntity({ pool }: Database, accountId: string, accessKeyId: string): Promise<Entity> {
  const { rows } = await pool.query<{ principal_arn: string }>(
    'SELECT principal_arn FROM access_keys WHERE id = $1 AND account_id = $2',
    [accessKeyId, accountId],
  );
  return { resource: rows[0]?.principal_arn ?? '*', context: {} };
}
