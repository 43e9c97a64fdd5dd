import { ACCOUNT, ALLOW_ALL, LAMBDA_TRUST, OTHER_ACCOUNT, useIam } from './testing/iam-fixture.js';

const iam = useIam();
const USER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/p`;
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

const decoded = (document: string): unknown => JSON.parse(decodeURIComponent(document));

describe('roles', () => {
  it('are made with a trust policy, and told with documents that are URL-encoded', async () => {
    const { Role } = await iam.createRole('r', {
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
    await iam.createRole();
    await expect(iam.createRole()).rejects.toMatchObject({ code: 'EntityAlreadyExists', message: 'Role with name r already exists.' });
    await expect(iam.createRole('s', { AssumeRolePolicyDocument: '{' })).rejects.toMatchObject({
      code: 'MalformedPolicyDocument',
      status: 400,
    });
    const long = JSON.stringify({ ...(JSON.parse(LAMBDA_TRUST) as object), Id: 'x'.repeat(2048) });
    await expect(iam.createRole('s', { AssumeRolePolicyDocument: long })).rejects.toMatchObject({
      code: 'LimitExceeded',
      message: 'Cannot exceed quota for ACLSizePerRole: 2048',
    });
    await expect(iam.createRole('s', { MaxSessionDuration: 60 })).rejects.toMatchObject({ code: 'ValidationError' });
    await expect(iam.createRole('s', { PermissionsBoundary: USER_POLICY })).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await expect(iam.createRole('s', { MaxSigninSessionDuration: 3600 })).rejects.toMatchObject({ code: 'NotImplemented', status: 501 });
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
    await expect(iam.createRole('r', { AssumeRolePolicyDocument: trust(User.Arn, unknown) })).rejects.toMatchObject({
      code: 'MalformedPolicyDocument',
      message: `Invalid principal in policy: "AWS":"${unknown}"`,
    });
    await iam.createRole('r', { AssumeRolePolicyDocument: trust(ACCOUNT, User.Arn, '*') });
    expect(await trusted()).toEqual([ACCOUNT, User.Arn, '*']);
    await iam.call('UpdateUser', { UserName: 'u', NewUserName: 'v' });
    expect(await trusted()).toEqual([ACCOUNT, `arn:aws:iam::${ACCOUNT}:user/v`, '*']);
    await iam.call('DeleteUser', { UserName: 'v' });
    expect(await trusted()).toEqual([ACCOUNT, User.UserId, '*']);
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trust(ACCOUNT) });
    expect(decodeURIComponent((await iam.call('GetRole', { RoleName: 'r' })).Role.AssumeRolePolicyDocument)).toBe(trust(ACCOUNT));
  });

  it('are not deleted while policies or instance profiles hang on them', async () => {
    await iam.createRole();
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
