import { ACCOUNT, ALLOW_ALL, LAMBDA_TRUST, OTHER_ACCOUNT, useIam } from './testing/iam-fixture.js';

const iam = useIam();

describe('the alias of an account', () => {
  it('is made, replaced, listed and deleted', async () => {
    await iam.call('CreateAccountAlias', { AccountAlias: 'acme' });
    await iam.call('CreateAccountAlias', { AccountAlias: 'acme-two' });
    expect(await iam.call('ListAccountAliases')).toEqual({ AccountAliases: ['acme-two'], IsTruncated: false });
    await expect(iam.call('DeleteAccountAlias', { AccountAlias: 'acme' })).rejects.toMatchObject({ code: 'NoSuchEntity', status: 404 });
    await iam.call('DeleteAccountAlias', { AccountAlias: 'acme-two' });
    expect(await iam.call('ListAccountAliases')).toEqual({ AccountAliases: [], IsTruncated: false });
  });

  it('is nobody else’s', async () => {
    await iam.call('CreateAccountAlias', { AccountAlias: 'acme' });
    await expect(iam.call('CreateAccountAlias', { AccountAlias: 'acme' }, { accountId: OTHER_ACCOUNT })).rejects.toMatchObject({ code: 'EntityAlreadyExists', status: 409 });
    await iam.call('CreateAccountAlias', { AccountAlias: 'acme' });
    expect(await iam.call('ListAccountAliases', {}, { accountId: OTHER_ACCOUNT })).toMatchObject({ AccountAliases: [] });
  });
});

describe('the authorization details of an account', () => {
  const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

  beforeEach(async () => {
    const { Policy } = await iam.call('CreatePolicy', { PolicyName: 'own', PolicyDocument: ALLOW_ALL });
    await iam.call('CreateGroup', { GroupName: 'team' });
    await iam.call('PutGroupPolicy', { GroupName: 'team', PolicyName: 'g', PolicyDocument: ALLOW_ALL });
    await iam.call('CreateUser', { UserName: 'alice', PermissionsBoundary: Policy.Arn, Tags: [{ Key: 'k', Value: 'v' }] });
    await iam.call('CreateUser', { UserName: 'Bob' });
    await iam.call('AddUserToGroup', { GroupName: 'team', UserName: 'alice' });
    await iam.call('PutUserPolicy', { UserName: 'alice', PolicyName: 'u', PolicyDocument: ALLOW_ALL });
    await iam.call('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: LAMBDA_TRUST });
    await iam.call('AttachRolePolicy', { RoleName: 'worker', PolicyArn: BASIC });
    await iam.call('CreateInstanceProfile', { InstanceProfileName: 'machine' });
    await iam.call('AddRoleToInstanceProfile', { InstanceProfileName: 'machine', RoleName: 'worker' });
    await iam.call('CreateUser', { UserName: 'stranger' }, { accountId: OTHER_ACCOUNT });
  });

  it('hold what everybody may do', async () => {
    const details = await iam.call('GetAccountAuthorizationDetails');
    const document = encodeURIComponent(ALLOW_ALL).replaceAll('*', '%2A');
    expect(details.UserDetailList).toMatchObject([
      {
        UserName: 'alice',
        GroupList: ['team'],
        UserPolicyList: [{ PolicyName: 'u', PolicyDocument: document }],
        AttachedManagedPolicies: [],
        PermissionsBoundary: { PermissionsBoundaryArn: `arn:aws:iam::${ACCOUNT}:policy/own` },
        Tags: [{ Key: 'k', Value: 'v' }],
      },
      { UserName: 'Bob', GroupList: [], UserPolicyList: [] },
    ]);
    expect(details.GroupDetailList).toMatchObject([{ GroupName: 'team', GroupPolicyList: [{ PolicyName: 'g' }] }]);
    expect(details.RoleDetailList).toMatchObject([
      { RoleName: 'worker', AttachedManagedPolicies: [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: BASIC }], InstanceProfileList: [{ InstanceProfileName: 'machine', CreateDate: expect.any(Date) }] },
    ]);
    expect(details.Policies).toMatchObject([
      { PolicyName: 'AWSLambdaBasicExecutionRole', AttachmentCount: 1, PolicyVersionList: [{ IsDefaultVersion: true }] },
      { PolicyName: 'own', PermissionsBoundaryUsageCount: 1, PolicyVersionList: [{ VersionId: 'v1', Document: document }] },
    ]);
    expect(details).toMatchObject({ IsTruncated: false });
  });

  it('come in pages that end anywhere, each entity once', async () => {
    const seen: string[] = [];
    let pages = 0;
    for (let Marker: string | undefined; ; pages += 1) {
      const page = await iam.call('GetAccountAuthorizationDetails', { MaxItems: 1, Marker });
      const items = [...page.UserDetailList, ...page.GroupDetailList, ...page.RoleDetailList, ...page.Policies];
      expect(items).toHaveLength(1);
      seen.push(items[0].UserName ?? items[0].GroupName ?? items[0].RoleName ?? items[0].PolicyName);
      if (!page.IsTruncated) break;
      Marker = page.Marker;
    }
    expect(seen).toEqual(['alice', 'Bob', 'team', 'worker', 'AWSLambdaBasicExecutionRole', 'own']);
  });

  it('are filtered by kind', async () => {
    const kinds = async (...Filter: string[]) => {
      const page = await iam.call('GetAccountAuthorizationDetails', { Filter });
      return [page.UserDetailList, page.GroupDetailList, page.RoleDetailList, page.Policies].map(({ length }: unknown[]) => length);
    };
    expect(await kinds('User')).toEqual([2, 0, 0, 0]);
    expect(await kinds('Role', 'Group')).toEqual([0, 1, 1, 0]);
    expect(await kinds('LocalManagedPolicy')).toEqual([0, 0, 0, 1]);
    expect(await kinds('AWSManagedPolicy')).toEqual([0, 0, 0, 1]);
  });
});

describe('what users cannot have here', () => {
  it('is listed as nothing, as deployers ask before they delete a user', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    for (const [operation, member] of [['ListMFADevices', 'MFADevices'], ['ListSigningCertificates', 'Certificates'], ['ListSSHPublicKeys', 'SSHPublicKeys'], ['ListServiceSpecificCredentials', 'ServiceSpecificCredentials']]) {
      expect(await iam.call(operation!, { UserName: 'u' })).toMatchObject({ [member!]: [] });
      await expect(iam.call(operation!, { UserName: 'nobody' })).rejects.toMatchObject({ code: 'NoSuchEntity' });
    }
    for (const operation of ['GetLoginProfile', 'DeleteLoginProfile']) {
      await expect(iam.call(operation, { UserName: 'u' })).rejects.toMatchObject({ code: 'NoSuchEntity', status: 404, message: 'Login Profile for User u cannot be found.' });
    }
    expect(await iam.call('ListVirtualMFADevices')).toMatchObject({ VirtualMFADevices: [] });
    expect(await iam.call('ListOpenIDConnectProviders')).toMatchObject({ OpenIDConnectProviderList: [] });
    await expect(iam.call('GetAccountPasswordPolicy')).rejects.toMatchObject({ code: 'NoSuchEntity', status: 404 });
  });
});

describe('the context keys of policies', () => {
  const statement = (more: object) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'lambda:*', Resource: '*', ...more }] });
  const conditioned = statement({ Condition: { StringEquals: { 'aws:RequestTag/team': '${aws:PrincipalTag/team}' }, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } });

  it('are those of conditions and variables, each once', async () => {
    const variable = statement({ Resource: 'arn:aws:lambda:*:*:function:${aws:username}-${AWS:UserName}-${*}' });
    const { ContextKeyNames } = await iam.call('GetContextKeysForCustomPolicy', { PolicyInputList: [conditioned, variable] });
    expect(ContextKeyNames).toEqual(['aws:RequestTag/team', 'aws:PrincipalTag/team', 'aws:SourceIp', 'aws:username']);
    await expect(iam.call('GetContextKeysForCustomPolicy', { PolicyInputList: ['{}'] })).rejects.toMatchObject({ code: 'InvalidInput', status: 400 });
  });

  it('of a principal are those of its policies and of those given', async () => {
    const { User } = await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'p', PolicyDocument: conditioned });
    const given = statement({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } });
    const { ContextKeyNames } = await iam.call('GetContextKeysForPrincipalPolicy', { PolicySourceArn: User.Arn, PolicyInputList: [given] });
    expect(ContextKeyNames).toEqual(['aws:RequestTag/team', 'aws:PrincipalTag/team', 'aws:SourceIp', 'aws:SecureTransport']);
  });
});
