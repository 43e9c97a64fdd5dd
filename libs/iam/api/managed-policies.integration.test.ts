import { ACCOUNT, ALLOW_ALL, OTHER_ACCOUNT, useIam } from './testing/iam-fixture.js';

const iam = useIam();
const USER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/p`;
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

const decoded = (document: string): unknown => JSON.parse(decodeURIComponent(document));

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
    await iam.createPolicy('p');
    await expect(iam.createPolicy('P')).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
      message: 'A policy called P already exists. Duplicate names are not allowed.',
    });
    await expect(iam.createPolicy('q', '{')).rejects.toMatchObject({ code: 'MalformedPolicyDocument' });
    const long = JSON.stringify({ ...(JSON.parse(ALLOW_ALL) as object), Id: 'x'.repeat(6144) });
    await expect(iam.createPolicy('q', long)).rejects.toMatchObject({
      code: 'LimitExceeded',
      message: 'Cannot exceed quota for PolicySize: 6144',
    });
    await expect(iam.createPolicy('q', ALLOW_ALL.replace('{', `{${' '.repeat(9000)}`))).resolves.toBeDefined();
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
    await iam.createRole();
    for (const name of ['b', 'a', 'C']) await iam.createPolicy(name);
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
    await iam.createPolicy('p');
    await iam.createRole();
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
