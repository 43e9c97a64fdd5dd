import { iamPermissions, type Permission, type PermissionMapping } from './permissions.js';
import { ACCOUNT, ALLOW_ALL, callerContext, iamFixture, LAMBDA_TRUST, type IamFixture } from './testing/iam-fixture.js';

let iam: IamFixture;
let permissions: Record<string, PermissionMapping>;
const arn = (resource: string): string => `arn:aws:iam::${ACCOUNT}:${resource}`;

beforeAll(async () => {
  iam = await iamFixture();
  permissions = iamPermissions(iam.database);
  await iam.reset();
  await iam.call('CreatePolicy', { PolicyName: 'p', Path: '/pp/', PolicyDocument: ALLOW_ALL, Tags: [{ Key: 'x', Value: 'y' }] });
  await iam.call('CreateRole', {
    RoleName: 'r',
    Path: '/app/',
    AssumeRolePolicyDocument: LAMBDA_TRUST,
    PermissionsBoundary: arn('policy/pp/p'),
    Tags: [{ Key: 'team', Value: 'blue' }],
  });
  await iam.call('CreateUser', { UserName: 'u', Path: '/people/' });
  await iam.call('CreateGroup', { GroupName: 'g', Path: '/groups/' });
  await iam.call('CreateInstanceProfile', { InstanceProfileName: 'i', Path: '/ip/' });
});
afterAll(() => iam.close());

async function needed(
  operation: string,
  input: Record<string, unknown>,
  principalArn?: string,
): Promise<Permission | Permission[]> {
  return permissions[operation]!(input, callerContext(principalArn === undefined ? {} : { principalArn }));
}

it('is mapped for every operation', () => {
  expect(Object.keys(permissions).sort()).toEqual(Object.keys(iam.operations).sort());
});

it('of new entities is on the ARN they will have, with tags and boundary', async () => {
  expect(
    await needed('CreateRole', { RoleName: 'n', Path: '/app/', PermissionsBoundary: 'b', Tags: [{ Key: 'a', Value: '1' }] }),
  ).toEqual({
    action: 'iam:CreateRole',
    resource: arn('role/app/n'),
    context: { 'iam:PermissionsBoundary': ['b'], 'aws:RequestTag/a': ['1'], 'aws:TagKeys': ['a'] },
  });
  expect(await needed('CreateUser', { UserName: 'n' })).toMatchObject({ resource: arn('user/n') });
  expect(await needed('CreatePolicy', { PolicyName: 'n', Path: '/x/' })).toMatchObject({ resource: arn('policy/x/n') });
  expect(await needed('CreateServiceLinkedRole', { AWSServiceName: 'lambda.amazonaws.com' })).toMatchObject({
    resource: arn('role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda'),
    context: { 'iam:AWSServiceName': ['lambda.amazonaws.com'] },
  });
});

it('of entities that exist is on their ARN with the path, their tags and their boundary', async () => {
  const context = {
    'aws:ResourceTag/team': ['blue'],
    'iam:ResourceTag/team': ['blue'],
    'iam:PermissionsBoundary': [arn('policy/pp/p')],
  };
  expect(await needed('GetRole', { RoleName: 'r' })).toEqual({ action: 'iam:GetRole', resource: arn('role/app/r'), context });
  expect(await needed('AttachRolePolicy', { RoleName: 'r', PolicyArn: 'x' })).toEqual({
    action: 'iam:AttachRolePolicy',
    resource: arn('role/app/r'),
    context: { ...context, 'iam:PolicyARN': ['x'] },
  });
  expect(await needed('PutRolePermissionsBoundary', { RoleName: 'r', PermissionsBoundary: 'b' })).toMatchObject({
    context: { 'iam:PermissionsBoundary': ['b'] },
  });
  expect(await needed('UntagRole', { RoleName: 'r', TagKeys: ['team'] })).toMatchObject({ context: { 'aws:TagKeys': ['team'] } });
  expect(await needed('GetUser', { UserName: 'u' })).toMatchObject({ resource: arn('user/people/u') });
  expect(await needed('GetGroup', { GroupName: 'g' })).toMatchObject({ resource: arn('group/groups/g') });
  expect(await needed('GetPolicy', { PolicyArn: arn('policy/pp/p') })).toMatchObject({
    resource: arn('policy/pp/p'),
    context: { 'aws:ResourceTag/x': ['y'] },
  });
  expect(await needed('GetRole', { RoleName: 'unknown' })).toEqual({
    action: 'iam:GetRole',
    resource: arn('role/unknown'),
    context: {},
  });
});

it('of nobody in particular is on the caller, or on all', async () => {
  expect(await needed('CreateAccessKey', {}, arn('user/people/u'))).toMatchObject({ resource: arn('user/people/u') });
  expect(await needed('CreateAccessKey', { UserName: 'u' }, arn('user/v'))).toMatchObject({ resource: arn('user/people/u') });
  expect(await needed('GetUser', {}, `arn:aws:sts::${ACCOUNT}:assumed-role/r/s`)).toMatchObject({ resource: arn('root') });
  expect(await needed('ListRoles', { PathPrefix: '/app/' })).toEqual({ action: 'iam:ListRoles', resource: arn('role/app/') });
  expect(await needed('ListPolicies', {})).toEqual({ action: 'iam:ListPolicies', resource: '*' });
  const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
  expect(await needed('GetAccessKeyLastUsed', { AccessKeyId: AccessKey.AccessKeyId })).toMatchObject({
    resource: arn('user/people/u'),
  });
});

it('to rename is needed on both names, and to put a role into a profile on the role as well', async () => {
  expect(await needed('UpdateUser', { UserName: 'u', NewUserName: 'v', NewPath: '/admins/' })).toMatchObject([
    { resource: arn('user/people/u') },
    { resource: arn('user/admins/v') },
  ]);
  expect(await needed('UpdateGroup', { GroupName: 'g', NewGroupName: 'h' })).toMatchObject([
    { resource: arn('group/groups/g') },
    { resource: arn('group/groups/h') },
  ]);
  expect(await needed('UpdateUser', { UserName: 'u' })).toMatchObject({ resource: arn('user/people/u') });
  expect(await needed('AddRoleToInstanceProfile', { InstanceProfileName: 'i', RoleName: 'r' })).toMatchObject([
    { action: 'iam:AddRoleToInstanceProfile', resource: arn('instance-profile/ip/i') },
    { action: 'iam:PassRole', resource: arn('role/app/r'), context: { 'iam:PassedToService': ['ec2.amazonaws.com'] } },
  ]);
});
