import { ACCOUNT, ALLOW_ALL, iamFixture, LAMBDA_TRUST, OTHER_ACCOUNT, type IamFixture } from './testing/iam-fixture.js';

let iam: IamFixture;
const USER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/p`;
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

beforeAll(async () => {
  iam = await iamFixture();
});
beforeEach(() => iam.reset());
afterAll(() => iam.close());

const decoded = (document: string): unknown => JSON.parse(decodeURIComponent(document));
const policyFor = (name: string, document = ALLOW_ALL): Promise<unknown> =>
  iam.call('CreatePolicy', { PolicyName: name, PolicyDocument: document });
const role = (name = 'r', more: Record<string, unknown> = {}): Promise<{ Role: Record<string, unknown> }> =>
  iam.call('CreateRole', { RoleName: name, AssumeRolePolicyDocument: LAMBDA_TRUST, ...more });

describe('users', () => {
  it('are made, told, renamed and deleted as AWS does', async () => {
    const { User } = await iam.call('CreateUser', { UserName: 'Ann', Path: '/team/', Tags: [{ Key: 'k', Value: 'v' }] });
    expect(User).toEqual({
      Path: '/team/',
      UserName: 'Ann',
      UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${ACCOUNT}:user/team/Ann`,
      CreateDate: expect.any(Date),
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    expect((await iam.call('GetUser', { UserName: 'Ann' })).User).toEqual(User);
    expect((await iam.call('GetUser', {}, { principalArn: User.Arn })).User).toEqual(User);
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'Ann' });
    expect(await iam.call('UpdateUser', { UserName: 'Ann', NewUserName: 'anna', NewPath: '/' })).toEqual({});
    await expect(iam.call('GetUser', { UserName: 'Ann' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      status: 404,
      message: 'The user with name Ann cannot be found.',
    });
    expect((await iam.call('GetUser', { UserName: 'anna' })).User).toMatchObject({
      UserId: User.UserId,
      Arn: `arn:aws:iam::${ACCOUNT}:user/anna`,
    });
    expect(await iam.keyStore.read(AccessKey.AccessKeyId)).toMatchObject({
      principalArn: `arn:aws:iam::${ACCOUNT}:user/anna`,
      identityId: User.UserId,
    });
    await expect(iam.call('DeleteUser', { UserName: 'anna' })).rejects.toMatchObject({
      code: 'DeleteConflict',
      status: 409,
      message: 'Cannot delete entity, must delete access keys first.',
    });
    await iam.call('DeleteAccessKey', { UserName: 'anna', AccessKeyId: AccessKey.AccessKeyId });
    expect(await iam.call('DeleteUser', { UserName: 'anna' })).toEqual({});
    await expect(iam.call('DeleteUser', { UserName: 'anna' })).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });

  it('have names that are unique without regard to case, and found only as written', async () => {
    await iam.call('CreateUser', { UserName: 'Ann' });
    await iam.call('CreateUser', { UserName: 'bob' });
    await expect(iam.call('CreateUser', { UserName: 'ANN' })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
      status: 409,
      message: 'User with name ANN already exists.',
    });
    await expect(iam.call('UpdateUser', { UserName: 'bob', NewUserName: 'aNN' })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
    });
    await expect(iam.call('GetUser', { UserName: 'ann' })).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });

  it('belong to one account', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await expect(iam.call('GetUser', { UserName: 'u' }, { accountId: OTHER_ACCOUNT })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    expect((await iam.call('ListUsers', {}, { accountId: OTHER_ACCOUNT })).Users).toEqual([]);
    await iam.call('CreateUser', { UserName: 'u' }, { accountId: OTHER_ACCOUNT });
  });

  it('are the caller when no name is given: the root, a user, but no session', async () => {
    expect((await iam.call('GetUser')).User).toEqual({
      UserId: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:root`,
      CreateDate: expect.any(Date),
    });
    await expect(iam.call('GetUser', {}, { principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s` })).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'Must specify userName when calling with non-User credentials',
    });
  });

  it('are not deleted while anything hangs on them', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('CreateGroup', { GroupName: 'g' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    await expect(iam.call('DeleteUser', { UserName: 'u' })).rejects.toThrow(
      'Cannot delete entity, must remove users from group first.',
    );
    await iam.call('RemoveUserFromGroup', { GroupName: 'g', UserName: 'u' });
    await iam.call('AttachUserPolicy', { UserName: 'u', PolicyArn: BASIC });
    await expect(iam.call('DeleteUser', { UserName: 'u' })).rejects.toThrow(
      'Cannot delete entity, must detach all policies first.',
    );
    await iam.call('DetachUserPolicy', { UserName: 'u', PolicyArn: BASIC });
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'i', PolicyDocument: ALLOW_ALL });
    await expect(iam.call('DeleteUser', { UserName: 'u' })).rejects.toThrow('Cannot delete entity, must delete policies first.');
    await iam.call('DeleteUserPolicy', { UserName: 'u', PolicyName: 'i' });
    await iam.call('DeleteUser', { UserName: 'u' });
  });
});

describe('access keys', () => {
  it('are made, listed, switched off and deleted; two a user', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
    expect(AccessKey).toEqual({
      UserName: 'u',
      AccessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
      Status: 'Active',
      SecretAccessKey: expect.stringMatching(/^\S{40}$/),
      CreateDate: expect.any(Date),
    });
    await iam.call('CreateAccessKey', {}, { principalArn: `arn:aws:iam::${ACCOUNT}:user/u` });
    await expect(iam.call('CreateAccessKey', { UserName: 'u' })).rejects.toMatchObject({
      code: 'LimitExceeded',
      status: 409,
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    await iam.call('UpdateAccessKey', { UserName: 'u', AccessKeyId: AccessKey.AccessKeyId, Status: 'Inactive' });
    expect(await iam.keyStore.lookup(AccessKey.AccessKeyId)).toMatchObject({ active: false });
    const { AccessKeyMetadata } = await iam.call('ListAccessKeys', { UserName: 'u' });
    expect(AccessKeyMetadata).toHaveLength(2);
    expect(AccessKeyMetadata).toContainEqual({
      UserName: 'u',
      AccessKeyId: AccessKey.AccessKeyId,
      Status: 'Inactive',
      CreateDate: expect.any(Date),
    });
    expect(await iam.call('GetAccessKeyLastUsed', { AccessKeyId: AccessKey.AccessKeyId })).toEqual({
      UserName: 'u',
      AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' },
    });
    await iam.call('DeleteAccessKey', { UserName: 'u', AccessKeyId: AccessKey.AccessKeyId });
    await expect(iam.call('DeleteAccessKey', { UserName: 'u', AccessKeyId: AccessKey.AccessKeyId })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `The Access Key with id ${AccessKey.AccessKeyId} cannot be found.`,
    });
  });

  it('of one user are none of another, nor of another account', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('CreateUser', { UserName: 'v' });
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
    await expect(
      iam.call('UpdateAccessKey', { UserName: 'v', AccessKeyId: AccessKey.AccessKeyId, Status: 'Inactive' }),
    ).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await expect(iam.call('DeleteAccessKey', { AccessKeyId: AccessKey.AccessKeyId })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    await expect(
      iam.call('GetAccessKeyLastUsed', { AccessKeyId: AccessKey.AccessKeyId }, { accountId: OTHER_ACCOUNT }),
    ).rejects.toMatchObject({ code: 'NoSuchEntity' });
    expect((await iam.call('ListAccessKeys')).AccessKeyMetadata).toHaveLength(1); // The root's own.
  });

  it('of the same user stay two when many are made at once', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => iam.call('CreateAccessKey', { UserName: 'u' })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect((await iam.call('ListAccessKeys', { UserName: 'u' })).AccessKeyMetadata).toHaveLength(2);
  });
});

describe('groups', () => {
  it('have members, and are not deleted with them', async () => {
    const { Group } = await iam.call('CreateGroup', { GroupName: 'g', Path: '/x/' });
    expect(Group).toEqual({
      Path: '/x/',
      GroupName: 'g',
      GroupId: expect.stringMatching(/^AGPA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${ACCOUNT}:group/x/g`,
      CreateDate: expect.any(Date),
    });
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    expect(await iam.call('GetGroup', { GroupName: 'g' })).toMatchObject({
      Group,
      Users: [{ UserName: 'u' }],
      IsTruncated: false,
    });
    expect((await iam.call('ListGroupsForUser', { UserName: 'u' })).Groups).toEqual([Group]);
    expect((await iam.call('ListGroups', { PathPrefix: '/y/' })).Groups).toEqual([]);
    await expect(iam.call('DeleteGroup', { GroupName: 'g' })).rejects.toThrow(
      'Cannot delete entity, must remove users from group first.',
    );
    await iam.call('RemoveUserFromGroup', { GroupName: 'g', UserName: 'u' });
    await expect(iam.call('RemoveUserFromGroup', { GroupName: 'g', UserName: 'u' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    await expect(iam.call('AddUserToGroup', { GroupName: 'h', UserName: 'u' })).rejects.toThrow(
      'The group with name h cannot be found.',
    );
    await expect(iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'w' })).rejects.toThrow(
      'The user with name w cannot be found.',
    );
    await iam.call('UpdateGroup', { GroupName: 'g', NewGroupName: 'h' });
    await iam.call('DeleteGroup', { GroupName: 'h' });
  });

  it('are at most ten for a user', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    for (let index = 0; index < 11; index++) await iam.call('CreateGroup', { GroupName: `g${index}` });
    const results = await Promise.allSettled(
      Array.from({ length: 11 }, (_, index) => iam.call('AddUserToGroup', { GroupName: `g${index}`, UserName: 'u' })),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'LimitExceeded', message: 'Cannot exceed quota for GroupsPerUser: 10' } },
    ]);
  });
});

describe('roles', () => {
  it('are made with a trust policy, and told with documents that are URL-encoded', async () => {
    const { Role } = await role('r', {
      Path: '/app/',
      Description: "it's",
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'a', Value: '' }],
    });
    expect(Role).toMatchObject({
      Path: '/app/',
      RoleName: 'r',
      RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${ACCOUNT}:role/app/r`,
      Description: "it's",
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'a', Value: '' }],
      RoleLastUsed: {},
    });
    expect(Role['AssumeRolePolicyDocument']).toMatch(/^%7B%22Version%22%3A%222012-10-17%22/);
    expect(decoded(Role['AssumeRolePolicyDocument'] as string)).toEqual(JSON.parse(LAMBDA_TRUST));
    expect((await iam.call('GetRole', { RoleName: 'r' })).Role).toEqual(Role);
    await iam.call('UpdateRole', { RoleName: 'r', Description: 'new' });
    expect((await iam.call('GetRole', { RoleName: 'r' })).Role).toMatchObject({ Description: 'new', MaxSessionDuration: 7200 });
    const trust = LAMBDA_TRUST.replace('lambda', 'events');
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trust });
    const { Roles } = await iam.call('ListRoles', { PathPrefix: '/app/' });
    expect(decoded(Roles[0].AssumeRolePolicyDocument)).toEqual(JSON.parse(trust));
    expect(Roles[0]).not.toHaveProperty('Tags');
    expect(Roles[0]).not.toHaveProperty('RoleLastUsed');
    await iam.call('DeleteRole', { RoleName: 'r' });
    await expect(iam.call('GetRole', { RoleName: 'r' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: 'The role with name r cannot be found.',
    });
  });

  it('are refused with a broken or too long trust policy, a name that is taken, a duration out of range, a boundary that is none', async () => {
    await role();
    await expect(role()).rejects.toMatchObject({ code: 'EntityAlreadyExists', message: 'Role with name r already exists.' });
    await expect(role('s', { AssumeRolePolicyDocument: '{' })).rejects.toMatchObject({
      code: 'MalformedPolicyDocument',
      status: 400,
    });
    const long = JSON.stringify({ ...(JSON.parse(LAMBDA_TRUST) as object), Id: 'x'.repeat(2048) });
    await expect(role('s', { AssumeRolePolicyDocument: long })).rejects.toMatchObject({
      code: 'LimitExceeded',
      message: 'Cannot exceed quota for ACLSizePerRole: 2048',
    });
    await expect(role('s', { MaxSessionDuration: 60 })).rejects.toMatchObject({ code: 'ValidationError' });
    await expect(role('s', { PermissionsBoundary: USER_POLICY })).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await expect(role('s', { MaxSigninSessionDuration: 3600 })).rejects.toMatchObject({ code: 'NotImplemented', status: 501 });
    expect((await iam.call('ListRoles')).Roles).toHaveLength(1);
  });

  it('name users and roles in trust policies, who must exist, follow their names, and become ids when they are gone', async () => {
    const { User } = await iam.call('CreateUser', { UserName: 'u' });
    const trust = (...AWS: string[]): string =>
      JSON.stringify(
        { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }] },
        null,
        2,
      );
    const trusted = async (): Promise<unknown> => {
      const { Role } = await iam.call('GetRole', { RoleName: 'r' });
      expect((await iam.call('ListRoles')).Roles[0].AssumeRolePolicyDocument).toBe(Role.AssumeRolePolicyDocument);
      return (decoded(Role.AssumeRolePolicyDocument) as { Statement: { Principal: { AWS: string[] } }[] }).Statement[0]!.Principal
        .AWS;
    };
    const unknown = `arn:aws:iam::${OTHER_ACCOUNT}:role/x`;
    await expect(role('r', { AssumeRolePolicyDocument: trust(User.Arn, unknown) })).rejects.toMatchObject({
      code: 'MalformedPolicyDocument',
      message: `Invalid principal in policy: "AWS":"${unknown}"`,
    });
    await role('r', { AssumeRolePolicyDocument: trust(ACCOUNT, User.Arn, '*') });
    expect(await trusted()).toEqual([ACCOUNT, User.Arn, '*']);
    await iam.call('UpdateUser', { UserName: 'u', NewUserName: 'v' });
    expect(await trusted()).toEqual([ACCOUNT, `arn:aws:iam::${ACCOUNT}:user/v`, '*']);
    await iam.call('DeleteUser', { UserName: 'v' });
    expect(await trusted()).toEqual([ACCOUNT, User.UserId, '*']);
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trust(ACCOUNT) });
    expect(decodeURIComponent((await iam.call('GetRole', { RoleName: 'r' })).Role.AssumeRolePolicyDocument)).toBe(trust(ACCOUNT));
  });

  it('are not deleted while policies or instance profiles hang on them', async () => {
    await role();
    const { InstanceProfile } = await iam.call('CreateInstanceProfile', { InstanceProfileName: 'p' });
    expect(InstanceProfile).toMatchObject({
      InstanceProfileId: expect.stringMatching(/^AIPA/),
      Arn: `arn:aws:iam::${ACCOUNT}:instance-profile/p`,
      Roles: [],
    });
    await iam.call('AddRoleToInstanceProfile', { InstanceProfileName: 'p', RoleName: 'r' });
    await expect(iam.call('AddRoleToInstanceProfile', { InstanceProfileName: 'p', RoleName: 'r' })).rejects.toMatchObject({
      code: 'LimitExceeded',
    });
    expect((await iam.call('ListInstanceProfilesForRole', { RoleName: 'r' })).InstanceProfiles).toMatchObject([
      { InstanceProfileName: 'p', Roles: [{ RoleName: 'r' }] },
    ]);
    await expect(iam.call('DeleteRole', { RoleName: 'r' })).rejects.toThrow(
      'Cannot delete entity, must remove roles from instance profile first.',
    );
    await expect(iam.call('DeleteInstanceProfile', { InstanceProfileName: 'p' })).rejects.toMatchObject({
      code: 'DeleteConflict',
    });
    await iam.call('RemoveRoleFromInstanceProfile', { InstanceProfileName: 'p', RoleName: 'r' });
    await iam.call('DeleteInstanceProfile', { InstanceProfileName: 'p' });
    await iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await expect(iam.call('DeleteRole', { RoleName: 'r' })).rejects.toThrow(
      'Cannot delete entity, must detach all policies first.',
    );
    await iam.call('DetachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await iam.call('PutRolePolicy', { RoleName: 'r', PolicyName: 'i', PolicyDocument: ALLOW_ALL });
    await expect(iam.call('DeleteRole', { RoleName: 'r' })).rejects.toThrow('Cannot delete entity, must delete policies first.');
  });

  it('of services are made by name and changed by nobody', async () => {
    const { Role } = await iam.call('CreateServiceLinkedRole', { AWSServiceName: 'replicator.lambda.amazonaws.com' });
    expect(Role).toMatchObject({
      RoleName: 'AWSServiceRoleForLambdaReplicator',
      Arn: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/replicator.lambda.amazonaws.com/AWSServiceRoleForLambdaReplicator`,
    });
    await expect(
      iam.call('CreateServiceLinkedRole', { AWSServiceName: 'replicator.lambda.amazonaws.com' }),
    ).rejects.toMatchObject({ code: 'InvalidInput' });
    for (const [operation, more] of [
      ['DeleteRole', {}],
      ['UpdateAssumeRolePolicy', { PolicyDocument: LAMBDA_TRUST }],
      ['AttachRolePolicy', { PolicyArn: BASIC }],
      ['TagRole', { Tags: [] }],
    ] as const) {
      await expect(iam.call(operation, { RoleName: Role.RoleName, ...more })).rejects.toMatchObject({
        code: 'UnmodifiableEntity',
        status: 400,
      });
    }
    const { DeletionTaskId } = await iam.call('DeleteServiceLinkedRole', { RoleName: Role.RoleName });
    expect(await iam.call('GetServiceLinkedRoleDeletionStatus', { DeletionTaskId })).toEqual({ Status: 'SUCCEEDED' });
  });
});

describe('managed policies', () => {
  it('have up to five versions, of which one is the default', async () => {
    const { Policy } = await iam.call('CreatePolicy', {
      PolicyName: 'p',
      Path: '/x/',
      PolicyDocument: ALLOW_ALL,
      Description: 'd',
    });
    const arn = `arn:aws:iam::${ACCOUNT}:policy/x/p`;
    expect(Policy).toEqual({
      PolicyName: 'p',
      PolicyId: expect.stringMatching(/^ANPA[A-Z2-7]{17}$/),
      Arn: arn,
      Path: '/x/',
      DefaultVersionId: 'v1',
      AttachmentCount: 0,
      PermissionsBoundaryUsageCount: 0,
      IsAttachable: true,
      Description: 'd',
      CreateDate: expect.any(Date),
      UpdateDate: expect.any(Date),
    });
    const second = await iam.call('CreatePolicyVersion', {
      PolicyArn: arn,
      PolicyDocument: ALLOW_ALL.replace('Allow', 'Deny'),
      SetAsDefault: true,
    });
    expect(second.PolicyVersion).toEqual({ VersionId: 'v2', IsDefaultVersion: true, CreateDate: expect.any(Date) });
    for (let version = 3; version <= 5; version++)
      await iam.call('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: ALLOW_ALL });
    await expect(iam.call('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: ALLOW_ALL })).rejects.toMatchObject({
      code: 'LimitExceeded',
      message:
        'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
    });
    await expect(iam.call('DeletePolicyVersion', { PolicyArn: arn, VersionId: 'v2' })).rejects.toMatchObject({
      code: 'DeleteConflict',
      message: 'Cannot delete the default version of a policy.',
    });
    await iam.call('DeletePolicyVersion', { PolicyArn: arn, VersionId: 'v5' });
    expect((await iam.call('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: ALLOW_ALL })).PolicyVersion).toMatchObject({
      VersionId: 'v6',
      IsDefaultVersion: false,
    });
    const { items, pages } = await iam.all('ListPolicyVersions', 'Versions', { PolicyArn: arn, MaxItems: 2 });
    expect((items as { VersionId: string }[]).map(({ VersionId }) => VersionId)).toEqual(['v6', 'v4', 'v3', 'v2', 'v1']);
    expect(pages).toEqual([2, 2, 1]);
    const { PolicyVersion } = await iam.call('GetPolicyVersion', { PolicyArn: arn, VersionId: 'v2' });
    expect(decoded(PolicyVersion.Document)).toMatchObject({ Statement: [{ Effect: 'Deny' }] });
    await iam.call('SetDefaultPolicyVersion', { PolicyArn: arn, VersionId: 'v3' });
    expect((await iam.call('GetPolicy', { PolicyArn: arn })).Policy).toMatchObject({ DefaultVersionId: 'v3' });
    await expect(iam.call('SetDefaultPolicyVersion', { PolicyArn: arn, VersionId: 'v9' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    await expect(iam.call('DeletePolicy', { PolicyArn: arn })).rejects.toThrow(/^This policy has more than one version/);
  });

  it('are refused when unknown, malformed, too long, taken, or named by what is no ARN', async () => {
    await policyFor('p');
    await expect(policyFor('P')).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
      message: 'A policy called P already exists. Duplicate names are not allowed.',
    });
    await expect(policyFor('q', '{')).rejects.toMatchObject({ code: 'MalformedPolicyDocument' });
    const long = JSON.stringify({ ...(JSON.parse(ALLOW_ALL) as object), Id: 'x'.repeat(6144) });
    await expect(policyFor('q', long)).rejects.toMatchObject({
      code: 'LimitExceeded',
      message: 'Cannot exceed quota for PolicySize: 6144',
    });
    await expect(policyFor('q', ALLOW_ALL.replace('{', `{${' '.repeat(9000)}`))).resolves.toBeDefined();
    await expect(iam.call('GetPolicy', { PolicyArn: `${USER_POLICY}x` })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `Policy ${USER_POLICY}x was not found.`,
    });
    await expect(iam.call('GetPolicy', { PolicyArn: 'not-an-arn-of-a-policy' })).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'Invalid ARN:  Could not be parsed!',
    });
    await expect(iam.call('GetPolicy', { PolicyArn: USER_POLICY }, { accountId: OTHER_ACCOUNT })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    await expect(iam.call('DeletePolicy', { PolicyArn: BASIC })).rejects.toMatchObject({ code: 'AccessDenied', status: 403 });
  });

  it('of AWS are there in every account', async () => {
    for (const path of [
      'service-role/AWSLambdaBasicExecutionRole',
      'service-role/AWSLambdaVPCAccessExecutionRole',
      'service-role/AWSLambdaSQSQueueExecutionRole',
      'service-role/AWSLambdaKinesisExecutionRole',
      'service-role/AWSLambdaDynamoDBExecutionRole',
      'service-role/AWSLambdaMSKExecutionRole',
      'service-role/AWSLambdaRole',
      'AWSXRayDaemonWriteAccess',
      'AWSLambda_FullAccess',
      'AWSLambda_ReadOnlyAccess',
      'AdministratorAccess',
      'PowerUserAccess',
      'ReadOnlyAccess',
      'IAMFullAccess',
      'AmazonS3ReadOnlyAccess',
      'AmazonSQSFullAccess',
      'AmazonSNSFullAccess',
      'AmazonDynamoDBFullAccess',
      'CloudWatchLogsFullAccess',
    ]) {
      const { Policy } = await iam.call('GetPolicy', { PolicyArn: `arn:aws:iam::aws:policy/${path}` });
      expect(Policy).toMatchObject({
        PolicyName: path.split('/').at(-1),
        PolicyId: expect.stringMatching(/^ANPA[A-Z2-7]{17}$/),
        AttachmentCount: 0,
      });
      const { PolicyVersion } = await iam.call('GetPolicyVersion', { PolicyArn: Policy.Arn, VersionId: Policy.DefaultVersionId });
      expect(decoded(PolicyVersion.Document)).toMatchObject({ Version: '2012-10-17', Statement: expect.anything() });
    }
    const { PolicyVersion } = await iam.call('GetPolicyVersion', { PolicyArn: BASIC, VersionId: 'v1' });
    expect(decoded(PolicyVersion.Document)).toMatchObject({
      Statement: [
        { Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' },
      ],
    });
  });

  it('are listed by scope, path and use, page by page', async () => {
    await role();
    for (const name of ['b', 'a', 'C']) await policyFor(name);
    await iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/b` });
    await iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await iam.call('PutRolePermissionsBoundary', { RoleName: 'r', PermissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/a` });
    const names = async (input: Record<string, unknown>): Promise<string[]> =>
      ((await iam.all('ListPolicies', 'Policies', { MaxItems: 7, ...input })).items as { PolicyName: string }[]).map(
        ({ PolicyName }) => PolicyName,
      );
    expect(await names({ Scope: 'Local' })).toEqual(['a', 'b', 'C']);
    const all = await names({});
    expect(all).toHaveLength((await names({ Scope: 'AWS' })).length + 3);
    expect(new Set(all).size).toBe(all.length);
    expect(await names({ OnlyAttached: true })).toEqual(['a', 'AWSLambdaBasicExecutionRole', 'b']);
    expect(await names({ PolicyUsageFilter: 'PermissionsBoundary' })).toEqual(['a']);
    expect(await names({ OnlyAttached: true, PolicyUsageFilter: 'PermissionsPolicy', Scope: 'AWS' })).toEqual([
      'AWSLambdaBasicExecutionRole',
    ]);
    expect(await names({ PathPrefix: '/aws-service-role/' })).toEqual(expect.arrayContaining(['AWSLambdaServiceRolePolicy']));
    expect((await iam.call('GetPolicy', { PolicyArn: BASIC })).Policy.AttachmentCount).toBe(1);
    expect((await iam.call('GetPolicy', { PolicyArn: BASIC }, { accountId: OTHER_ACCOUNT })).Policy.AttachmentCount).toBe(0);
  });

  it('tell whose they are', async () => {
    await policyFor('p');
    await role();
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('CreateGroup', { GroupName: 'g' });
    await iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: USER_POLICY });
    await iam.call('AttachGroupPolicy', { GroupName: 'g', PolicyArn: USER_POLICY });
    await iam.call('PutUserPermissionsBoundary', { UserName: 'u', PermissionsBoundary: USER_POLICY });
    expect(await iam.call('ListEntitiesForPolicy', { PolicyArn: USER_POLICY })).toEqual({
      PolicyGroups: [{ GroupName: 'g', GroupId: expect.any(String) }],
      PolicyUsers: [{ UserName: 'u', UserId: expect.any(String) }],
      PolicyRoles: [{ RoleName: 'r', RoleId: expect.any(String) }],
      IsTruncated: false,
    });
    expect(
      await iam.call('ListEntitiesForPolicy', {
        PolicyArn: USER_POLICY,
        PolicyUsageFilter: 'PermissionsPolicy',
        EntityFilter: 'Role',
      }),
    ).toMatchObject({ PolicyGroups: [], PolicyUsers: [], PolicyRoles: [{ RoleName: 'r' }] });
    const first = await iam.call('ListEntitiesForPolicy', { PolicyArn: USER_POLICY, MaxItems: 2 });
    expect(first).toMatchObject({ PolicyGroups: [{}], PolicyRoles: [{}], PolicyUsers: [], IsTruncated: true });
    expect(await iam.call('ListEntitiesForPolicy', { PolicyArn: USER_POLICY, Marker: first.Marker })).toMatchObject({
      PolicyGroups: [],
      PolicyRoles: [],
      PolicyUsers: [{}],
      IsTruncated: false,
    });
  });
});

describe.each([
  ['User', 'UserName'],
  ['Group', 'GroupName'],
  ['Role', 'RoleName'],
])('policies of a %s', (label, member) => {
  const entity = { [member]: 'e' };

  beforeEach(async () => {
    if (label === 'Role') await role('e');
    else await iam.call(`Create${label}`, entity);
  });

  it('are attached once and detached', async () => {
    await policyFor('p');
    await iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: USER_POLICY });
    await iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: USER_POLICY });
    await iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: BASIC });
    expect(await iam.call(`ListAttached${label}Policies`, entity)).toEqual({
      AttachedPolicies: [
        { PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: BASIC },
        { PolicyName: 'p', PolicyArn: USER_POLICY },
      ],
      IsTruncated: false,
    });
    expect(
      (await iam.call(`ListAttached${label}Policies`, { ...entity, PathPrefix: '/service-role/' })).AttachedPolicies,
    ).toHaveLength(1);
    await expect(iam.call('DeletePolicy', { PolicyArn: USER_POLICY })).rejects.toMatchObject({
      code: 'DeleteConflict',
      message: 'Cannot delete a policy attached to entities.',
    });
    await iam.call(`Detach${label}Policy`, { ...entity, PolicyArn: USER_POLICY });
    await expect(iam.call(`Detach${label}Policy`, { ...entity, PolicyArn: USER_POLICY })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `Policy ${USER_POLICY} was not found.`,
    });
    await iam.call('DeletePolicy', { PolicyArn: USER_POLICY });
    await expect(iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: USER_POLICY })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `Policy ${USER_POLICY} does not exist or is not attachable.`,
    });
    await expect(iam.call(`Attach${label}Policy`, { [member]: 'nobody', PolicyArn: BASIC })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
  });

  it('are attached up to ten, also when many are attached at once', async () => {
    for (let index = 0; index < 12; index++) await policyFor(`p${index}`);
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) =>
        iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p${index}` }),
      ),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toMatchObject(
      Array(2).fill({ reason: { code: 'LimitExceeded', message: `Cannot exceed quota for PoliciesPer${label}: 10` } }),
    );
  });

  it('are put, told, listed and deleted inline, up to the size that all of them may have', async () => {
    await iam.call(`Put${label}Policy`, {
      ...entity,
      PolicyName: 'b',
      PolicyDocument: '{ "Version": "2012-10-17", "Statement": [] }'.replace(
        '[]',
        '[{"Effect":"Allow","Action":"*","Resource":"*"}]',
      ),
    });
    await iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'a', PolicyDocument: ALLOW_ALL });
    await iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'a', PolicyDocument: ALLOW_ALL.replace('Allow', 'Deny') });
    expect(await iam.call(`List${label}Policies`, entity)).toEqual({ PolicyNames: ['a', 'b'], IsTruncated: false });
    const found = await iam.call(`Get${label}Policy`, { ...entity, PolicyName: 'a' });
    expect(found).toMatchObject({ ...entity, PolicyName: 'a' });
    expect(decoded(found.PolicyDocument)).toMatchObject({ Statement: [{ Effect: 'Deny' }] });
    const long = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Sid: 'x'.repeat(11_000), Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    await expect(iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'c', PolicyDocument: long })).rejects.toMatchObject({
      code: 'LimitExceeded',
      message: expect.stringMatching(/^Maximum policy size of \d+ bytes exceeded for (user|group|role) e$/),
    });
    await expect(iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'c', PolicyDocument: 'no' })).rejects.toMatchObject({
      code: 'MalformedPolicyDocument',
    });
    await iam.call(`Delete${label}Policy`, { ...entity, PolicyName: 'a' });
    await expect(iam.call(`Get${label}Policy`, { ...entity, PolicyName: 'a' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `The ${label.toLowerCase()} policy with name a cannot be found.`,
    });
    await expect(iam.call(`Delete${label}Policy`, { ...entity, PolicyName: 'a' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
  });
});

describe.each([
  ['User', 'UserName'],
  ['Role', 'RoleName'],
])('a %s', (label, member) => {
  const entity = { [member]: 'e' };

  beforeEach(async () => {
    await policyFor('p');
    if (label === 'Role') await role('e', { PermissionsBoundary: USER_POLICY });
    else await iam.call('CreateUser', { ...entity, PermissionsBoundary: USER_POLICY });
  });

  it('has a boundary that can be replaced and taken away, and a policy is not deleted while it is one', async () => {
    expect((await iam.call(`Get${label}`, entity))[label].PermissionsBoundary).toEqual({
      PermissionsBoundaryType: 'Policy',
      PermissionsBoundaryArn: USER_POLICY,
    });
    await expect(iam.call('DeletePolicy', { PolicyArn: USER_POLICY })).rejects.toMatchObject({ code: 'DeleteConflict' });
    await iam.call(`Put${label}PermissionsBoundary`, { ...entity, PermissionsBoundary: BASIC });
    await iam.call('DeletePolicy', { PolicyArn: USER_POLICY });
    await iam.call(`Delete${label}PermissionsBoundary`, entity);
    expect((await iam.call(`Get${label}`, entity))[label]).not.toHaveProperty('PermissionsBoundary');
    await expect(iam.call(`Delete${label}PermissionsBoundary`, entity)).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });

  it('has up to fifty tags with keys that are unique without regard to case', async () => {
    await iam.call(`Tag${label}`, {
      ...entity,
      Tags: [
        { Key: 'Team', Value: 'a' },
        { Key: 'x', Value: '' },
      ],
    });
    await iam.call(`Tag${label}`, { ...entity, Tags: [{ Key: 'team', Value: 'b' }] });
    expect((await iam.call(`List${label}Tags`, entity)).Tags).toEqual([
      { Key: 'team', Value: 'b' },
      { Key: 'x', Value: '' },
    ]);
    await iam.call(`Untag${label}`, { ...entity, TagKeys: ['TEAM', 'unknown'] });
    expect((await iam.call(`List${label}Tags`, entity)).Tags).toEqual([{ Key: 'x', Value: '' }]);
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
    await expect(iam.call(`Tag${label}`, { ...entity, Tags: many })).rejects.toMatchObject({ code: 'LimitExceeded' });
    await expect(
      iam.call(`Tag${label}`, {
        ...entity,
        Tags: [
          { Key: 'a', Value: '' },
          { Key: 'A', Value: '' },
        ],
      }),
    ).rejects.toMatchObject({
      code: 'InvalidInput',
      message: 'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    });
    await expect(iam.call(`Tag${label}`, { ...entity, Tags: [{ Key: 'aws:x', Value: '' }] })).rejects.toMatchObject({
      code: 'InvalidInput',
    });
    await Promise.all(many.slice(0, 8).map((tag) => iam.call(`Tag${label}`, { ...entity, Tags: [tag] })));
    expect((await iam.all(`List${label}Tags`, 'Tags', { ...entity, MaxItems: 4 })).pages).toEqual([4, 4, 1]);
  });
});

describe('lists', () => {
  it('page by name without repeating or skipping what stays, while entities come and go', async () => {
    for (const name of ['b', 'D', 'f', 'H', 'j', 'l']) await iam.call('CreateUser', { UserName: name });
    const first = await iam.call('ListUsers', { MaxItems: 3 });
    expect(first.Users.map((user: { UserName: string }) => user.UserName)).toEqual(['b', 'D', 'f']);
    await iam.call('DeleteUser', { UserName: 'f' });
    await iam.call('DeleteUser', { UserName: 'b' });
    await iam.call('CreateUser', { UserName: 'a' });
    await iam.call('CreateUser', { UserName: 'k' });
    const second = await iam.call('ListUsers', { MaxItems: 3, Marker: first.Marker });
    expect(second.Users.map((user: { UserName: string }) => user.UserName)).toEqual(['H', 'j', 'k']);
    expect((await iam.call('ListUsers', { MaxItems: 3, Marker: second.Marker })).Users).toMatchObject([{ UserName: 'l' }]);
    await expect(iam.call('ListUsers', { Marker: 'made up' })).rejects.toMatchObject({ code: 'ValidationError', status: 400 });
  });

  it('of an account are counted in its summary', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await policyFor('p');
    expect((await iam.call('GetAccountSummary')).SummaryMap).toMatchObject({
      Users: 1,
      Groups: 0,
      Roles: 0,
      Policies: 1,
      PolicyVersionsInUse: 1,
      AccessKeysPerUserQuota: 2,
      AccountAccessKeysPresent: 1,
    });
    expect(await iam.call('ListAccountAliases')).toEqual({ AccountAliases: [], IsTruncated: false });
  });
});

describe('operations at the same time', () => {
  it('make one entity of a name', async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => role(index % 2 === 0 ? 'same' : 'SAME')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('never leave a policy attached that was deleted, nor delete one that is attached', async () => {
    await role();
    for (let round = 0; round < 15; round++) {
      await policyFor(`p${round}`);
      const arn = `arn:aws:iam::${ACCOUNT}:policy/p${round}`;
      const [attached, deleted] = await Promise.allSettled([
        iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: arn }),
        iam.call('DeletePolicy', { PolicyArn: arn }),
      ]);
      expect([attached.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
      if (attached.status === 'rejected') expect(attached.reason).toMatchObject({ code: 'NoSuchEntity' });
      else expect((deleted as PromiseRejectedResult).reason).toMatchObject({ code: 'DeleteConflict' });
      if (attached.status === 'fulfilled') await iam.call('DetachRolePolicy', { RoleName: 'r', PolicyArn: arn });
    }
  });

  it('never delete a role to which something is being attached', async () => {
    for (let round = 0; round < 15; round++) {
      await role(`r${round}`);
      const [put, deleted] = await Promise.allSettled([
        iam.call('PutRolePolicy', { RoleName: `r${round}`, PolicyName: 'p', PolicyDocument: ALLOW_ALL }),
        iam.call('DeleteRole', { RoleName: `r${round}` }),
      ]);
      expect([put.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('make five versions at most', async () => {
    await policyFor('p');
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        iam.call('CreatePolicyVersion', { PolicyArn: USER_POLICY, PolicyDocument: ALLOW_ALL, SetAsDefault: true }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    const { Versions } = await iam.call('ListPolicyVersions', { PolicyArn: USER_POLICY });
    expect(Versions.filter((version: { IsDefaultVersion: boolean }) => version.IsDefaultVersion)).toHaveLength(1);
  });
});
