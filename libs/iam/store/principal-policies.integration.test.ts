import { createHash } from 'node:crypto';
import { ACCOUNT, ALLOW_ALL, iamFixture, LAMBDA_TRUST, OTHER_ACCOUNT, type IamFixture } from '../api/testing/iam-fixture.js';
import { POLICY_CHANGES_CHANNEL, PrincipalPolicyStore } from './principal-policies.js';
import type { NewSession } from './sessions.js';

let iam: IamFixture;
let principals: PrincipalPolicyStore;
const DENY_ALL = ALLOW_ALL.replace('Allow', 'Deny');
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/app/r`;
const SESSION_ARN = `arn:aws:sts::${ACCOUNT}:assumed-role/r/s`;

beforeAll(async () => {
  iam = await iamFixture();
  principals = new PrincipalPolicyStore(iam.database);
});
beforeEach(() => iam.reset());
afterAll(() => iam.close());

async function session(
  identityId: string,
  more: Partial<NewSession> = {},
  expiresAt = new Date(Date.now() + 60_000),
): Promise<string> {
  const temporary = {
    tokenDigest: createHash('sha256').update('t').digest(),
    expiresAt,
    session: { kind: 'assumed-role' as const, sessionName: 's', ...more },
  };
  return (await iam.keyStore.create({ accountId: ACCOUNT, principalArn: SESSION_ARN, identityId, temporary })).accessKeyId;
}

async function makeRole(): Promise<string> {
  const { Role } = await iam.call('CreateRole', {
    RoleName: 'r',
    Path: '/app/',
    AssumeRolePolicyDocument: LAMBDA_TRUST,
    Tags: [
      { Key: 'Team', Value: 'blue' },
      { Key: 'env', Value: 'test' },
    ],
  });
  await iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
  return Role.RoleId;
}

describe('the policies of a principal', () => {
  it('are those of the user and of its groups, inline and attached, and the boundary', async () => {
    const { Policy } = await iam.call('CreatePolicy', { PolicyName: 'p', PolicyDocument: ALLOW_ALL });
    await iam.call('CreatePolicyVersion', { PolicyArn: Policy.Arn, PolicyDocument: DENY_ALL, SetAsDefault: true });
    const { User } = await iam.call('CreateUser', {
      UserName: 'u',
      Path: '/x/',
      PermissionsBoundary: Policy.Arn,
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    await iam.call('CreateGroup', { GroupName: 'g' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'own', PolicyDocument: ALLOW_ALL });
    await iam.call('PutGroupPolicy', { GroupName: 'g', PolicyName: 'shared', PolicyDocument: DENY_ALL });
    await iam.call('AttachUserPolicy', { UserName: 'u', PolicyArn: Policy.Arn });
    await iam.call('AttachGroupPolicy', { GroupName: 'g', PolicyArn: BASIC });
    const groupArn = `arn:aws:iam::${ACCOUNT}:group/g`;
    expect((await principals.policiesOf(ACCOUNT, groupArn))!.identity).toMatchObject([{ id: 'shared' }, { id: BASIC }]);
    expect((await principals.policiesOf(ACCOUNT, User.Arn))!.identity).toHaveLength(4);
    expect(await principals.policiesOf(OTHER_ACCOUNT, groupArn)).toBeUndefined();
    expect(await principals.load({ accountId: ACCOUNT, principalArn: User.Arn })).toEqual({
      kind: 'user',
      accountId: ACCOUNT,
      arn: User.Arn,
      userId: User.UserId,
      userName: 'u',
      tags: [{ Key: 'k', Value: 'v' }],
      identity: [
        { id: 'own', type: 'user', owner: 'u', document: ALLOW_ALL },
        { id: 'shared', type: 'group', owner: 'g', document: DENY_ALL },
        { id: Policy.Arn, type: 'user-managed', document: DENY_ALL },
        { id: BASIC, type: 'aws-managed', document: expect.stringContaining('logs:CreateLogGroup') },
      ],
      boundary: [{ id: Policy.Arn, type: 'user-managed', document: DENY_ALL }],
      transitiveTagKeys: [],
    });
  });

  it('are nothing for principals that do not exist, have another path, or another account', async () => {
    await iam.call('CreateUser', { UserName: 'u', Path: '/x/' });
    const load = (principalArn: string, accountId = ACCOUNT): Promise<unknown> => principals.load({ accountId, principalArn });
    expect(await load(`arn:aws:iam::${ACCOUNT}:user/u`)).toBeUndefined();
    expect(await load(`arn:aws:iam::${ACCOUNT}:user/v`)).toBeUndefined();
    expect(await load(`arn:aws:iam::${ACCOUNT}:user/x/u`, OTHER_ACCOUNT)).toBeUndefined();
    expect(await load('nonsense')).toBeUndefined();
    expect(await load(SESSION_ARN)).toBeUndefined();
    expect(await load(`arn:aws:iam::${ACCOUNT}:root`)).toMatchObject({ kind: 'root', userId: ACCOUNT, identity: [] });
  });

  it('of a session are those of its role, with its own tags first and no session policy unless one was given', async () => {
    const roleId = await makeRole();
    const accessKeyId = await session(roleId, {
      tags: [{ Key: 'team', Value: 'red' }],
      transitiveTagKeys: ['team'],
      sourceIdentity: 'ann',
    });
    const loaded = await principals.load({ accountId: ACCOUNT, principalArn: SESSION_ARN, accessKeyId });
    expect(loaded).toEqual({
      kind: 'assumed-role',
      accountId: ACCOUNT,
      arn: SESSION_ARN,
      userId: `${roleId}:s`,
      roleArn: ROLE_ARN,
      sessionName: 's',
      sourceIdentity: 'ann',
      issuedAt: expect.any(Number),
      tags: [
        { Key: 'env', Value: 'test' },
        { Key: 'team', Value: 'red' },
      ],
      identity: [{ id: BASIC, type: 'aws-managed', document: expect.any(String) }],
      transitiveTagKeys: ['team'],
    });
  });

  it('of two sessions of one name are told apart by their keys', async () => {
    const roleId = await makeRole();
    const { Policy } = await iam.call('CreatePolicy', { PolicyName: 'p', PolicyDocument: DENY_ALL });
    const [free, limited] = [
      await session(roleId),
      await session(roleId, { sessionPolicy: ALLOW_ALL, sessionPolicyArns: [Policy.Arn, BASIC] }),
    ];
    const load = (accessKeyId: string): ReturnType<PrincipalPolicyStore['load']> =>
      principals.load({ accountId: ACCOUNT, principalArn: SESSION_ARN, accessKeyId });
    expect(await load(free)).not.toHaveProperty('session');
    expect((await load(limited))!.session).toEqual([
      { id: 'session', type: 'none', document: ALLOW_ALL },
      { id: Policy.Arn, type: 'user-managed', document: DENY_ALL },
      { id: BASIC, type: 'aws-managed', document: expect.any(String) },
    ]);
    const only = await session(roleId, { sessionPolicyArns: [Policy.Arn] });
    await iam.call('DeletePolicy', { PolicyArn: Policy.Arn });
    expect((await load(only))!.session).toEqual([]);
  });

  it('are nothing once the session has expired, was switched off, or its role is gone', async () => {
    const roleId = await makeRole();
    const load = (accessKeyId: string): Promise<unknown> =>
      principals.load({ accountId: ACCOUNT, principalArn: SESSION_ARN, accessKeyId });
    expect(await load(await session(roleId, {}, new Date(Date.now() - 1)))).toBeUndefined();
    const off = await session(roleId);
    await iam.keyStore.setActive(off, false);
    expect(await load(off)).toBeUndefined();
    const live = await session(roleId);
    await iam.call('DetachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await iam.call('DeleteRole', { RoleName: 'r' });
    expect(await load(live)).toBeUndefined();
    expect(await iam.keyStore.read(live)).toBeUndefined();
    await makeRole();
    expect(await load(live)).toBeUndefined();
  });
});

describe('a change', () => {
  /** What is announced while `work` runs, ended by a marker. */
  async function announced(work: () => Promise<unknown>): Promise<string[]> {
    const client = await iam.database.dedicatedClient();
    try {
      const heard: string[] = [];
      const ended = new Promise<void>((resolve) => {
        client.on('notification', ({ payload }) => (payload === 'end' ? resolve() : heard.push(payload!)));
      });
      await client.query(`LISTEN ${POLICY_CHANGES_CHANNEL}`);
      await work();
      await iam.database.pool.query('SELECT pg_notify($1, $2)', [POLICY_CHANGES_CHANNEL, 'end']);
      await ended;
      return heard;
    } finally {
      await client.end();
    }
  }

  it.each<[string, (operation: IamFixture['call']) => Promise<unknown>]>([
    ['an inline policy', (call) => call('PutRolePolicy', { RoleName: 'r', PolicyName: 'i', PolicyDocument: ALLOW_ALL })],
    ['an inline policy taken away', (call) => call('DeleteRolePolicy', { RoleName: 'r', PolicyName: 'old' })],
    ['an attachment', (call) => call('AttachRolePolicy', { RoleName: 'r', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' })],
    ['a detachment', (call) => call('DetachRolePolicy', { RoleName: 'r', PolicyArn: BASIC })],
    [
      'a default version',
      (call) => call('SetDefaultPolicyVersion', { PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p`, VersionId: 'v2' }),
    ],
    ['a boundary', (call) => call('PutRolePermissionsBoundary', { RoleName: 'r', PermissionsBoundary: BASIC })],
    ['tags', (call) => call('TagRole', { RoleName: 'r', Tags: [{ Key: 'a', Value: 'b' }] })],
    ['a trust policy', (call) => call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: LAMBDA_TRUST })],
    ['a membership', (call) => call('AddUserToGroup', { GroupName: 'g', UserName: 'u' })],
    ['a name', (call) => call('UpdateUser', { UserName: 'u', NewUserName: 'v' })],
    ['a deletion', (call) => call('DeleteUser', { UserName: 'u' })],
  ])('of %s is announced with its account', async (_what, change) => {
    await makeRole();
    await iam.call('PutRolePolicy', { RoleName: 'r', PolicyName: 'old', PolicyDocument: ALLOW_ALL });
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('CreateGroup', { GroupName: 'g' });
    await iam.call('CreatePolicy', { PolicyName: 'p', PolicyDocument: ALLOW_ALL });
    await iam.call('CreatePolicyVersion', { PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p`, PolicyDocument: DENY_ALL });
    expect(await announced(() => change(iam.call))).toEqual([ACCOUNT]);
  });

  it('that changes no permission is not announced', async () => {
    await makeRole();
    await iam.call('CreatePolicy', { PolicyName: 'p', PolicyDocument: ALLOW_ALL });
    expect(
      await announced(async () => {
        await iam.call('UpdateRole', { RoleName: 'r', Description: 'd' });
        await iam.call('CreatePolicyVersion', { PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p`, PolicyDocument: DENY_ALL });
        await iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
      }),
    ).toEqual([]);
  });
});
