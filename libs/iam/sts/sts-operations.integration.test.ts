import { hash } from 'node:crypto';
import {
  ACCOUNT,
  ALLOW_ALL,
  callerContext,
  iamFixture,
  LAMBDA_TRUST,
  OTHER_ACCOUNT,
  type IamFixture,
} from '../api/testing/iam-fixture.js';
import type { CallerContext } from '../api/parts.js';
import { PrincipalPolicyStore } from '../store/principal-policies.js';
import { stsOperations, stsPermissions } from './operations.js';
import type { StsParts } from './parts.js';

let iam: IamFixture;
let parts: StsParts;
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/app/r`;
const USER_ARN = `arn:aws:iam::${ACCOUNT}:user/u`;
const ANN = { principalArn: USER_ARN };
const ROOT_OF_OTHER = { accountId: OTHER_ACCOUNT };
const ASSUME = { RoleArn: ROLE_ARN, RoleSessionName: 's' };

beforeAll(async () => {
  iam = await iamFixture();
  parts = { ...iam.parts, principals: new PrincipalPolicyStore(iam.database) };
});
beforeEach(async () => {
  await iam.reset();
  await iam.call('CreateUser', { UserName: 'u' });
});
afterAll(() => iam.close());

const sts = async (operation: string, input: Record<string, unknown> = {}, context: Partial<CallerContext> = {}): Promise<any> =>
  stsOperations(parts)[operation]!(input, callerContext(context));
const statement = (more: Record<string, unknown>): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...more }] });
const trusting = (principal: unknown, more: Record<string, unknown> = {}): string => statement({ Principal: principal, ...more });
/** In two steps: a trust policy can name the role itself only when there is one. */
const makeRole = async (trust: string, more: Record<string, unknown> = {}): Promise<void> => {
  await iam.call('CreateRole', { RoleName: 'r', Path: '/app/', AssumeRolePolicyDocument: LAMBDA_TRUST, ...more });
  await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trust });
};
const denial = (principal: string, action = 'sts:AssumeRole', resource = ROLE_ARN): Record<string, unknown> => ({
  code: 'AccessDenied',
  status: 403,
  message: `User: ${principal} is not authorized to perform: ${action} on resource: ${resource}`,
});
/** The context of calls that the answered credentials sign. */
const as = (
  answer: { Credentials: { AccessKeyId: string }; AssumedRoleUser?: { Arn: string } },
  principalArn = answer.AssumedRoleUser?.Arn,
): Partial<CallerContext> => ({
  principalArn,
  accessKeyId: answer.Credentials.AccessKeyId,
});

describe('AssumeRole', () => {
  it('gives a session that works: key, secret, token and what they stand for', async () => {
    await makeRole(trusting({ AWS: USER_ARN }));
    const before = Date.now();
    const answer = await sts('AssumeRole', ASSUME, ANN);
    const { Role } = await iam.call('GetRole', { RoleName: 'r' });
    expect(answer).toEqual({
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretAccessKey: expect.stringMatching(/^\S{40}$/),
        SessionToken: expect.any(String),
        Expiration: expect.any(Date),
      },
      AssumedRoleUser: { AssumedRoleId: `${Role.RoleId}:s`, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s` },
    });
    expect(answer.Credentials.Expiration.getTime()).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000 + 3_600_000);
    const key = await iam.keyStore.lookup(answer.Credentials.AccessKeyId);
    expect(key).toMatchObject({
      accountId: ACCOUNT,
      principalArn: answer.AssumedRoleUser.Arn,
      active: true,
      identityId: Role.RoleId,
      expiresAt: answer.Credentials.Expiration.getTime(),
      secretAccessKey: answer.Credentials.SecretAccessKey,
    });
    expect(Buffer.from(key!.tokenDigest!)).toEqual(hash('sha256', answer.Credentials.SessionToken, 'buffer'));
    expect(await sts('GetCallerIdentity', {}, as(answer))).toEqual({
      UserId: `${Role.RoleId}:s`,
      Account: ACCOUNT,
      Arn: answer.AssumedRoleUser.Arn,
    });
  });

  it('needs a trust policy that allows, whatever the caller may do', async () => {
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'p', PolicyDocument: ALLOW_ALL });
    await makeRole(trusting({ Service: 'lambda.amazonaws.com' }));
    await expect(sts('AssumeRole', ASSUME, ANN)).rejects.toMatchObject(denial(USER_ARN));
    await expect(sts('AssumeRole', ASSUME)).rejects.toMatchObject(denial(`arn:aws:iam::${ACCOUNT}:root`));
    await expect(sts('AssumeRole', { ...ASSUME, RoleArn: `${ROLE_ARN}x` }, ANN)).rejects.toMatchObject(
      denial(USER_ARN, 'sts:AssumeRole', `${ROLE_ARN}x`),
    );
    await expect(sts('AssumeRole', { ...ASSUME, RoleArn: ROLE_ARN.replace('/app', '') }, ANN)).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    await expect(sts('AssumeRole', { ...ASSUME, RoleArn: 'arn:aws:iam::1:role/app/r' }, ANN)).rejects.toMatchObject({
      code: 'ValidationError',
      status: 400,
      message: 'arn:aws:iam::1:role/app/r is invalid',
    });
  });

  it('of a role that trusts the account needs the identity policy as well, one that names the user does not', async () => {
    await makeRole(trusting({ AWS: ACCOUNT }));
    await sts('AssumeRole', ASSUME); // The root of the account needs no policy.
    await expect(sts('AssumeRole', ASSUME, ANN)).rejects.toMatchObject(denial(USER_ARN));
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'p', PolicyDocument: statement({ Resource: ROLE_ARN }) });
    await sts('AssumeRole', ASSUME, ANN);
    await iam.call('DeleteUserPolicy', { UserName: 'u', PolicyName: 'p' });
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trusting({ AWS: USER_ARN }) });
    await sts('AssumeRole', ASSUME, ANN);
  });

  it('is refused by a deny on either side', async () => {
    await makeRole(trusting({ AWS: USER_ARN }));
    await iam.call('PutUserPolicy', {
      UserName: 'u',
      PolicyName: 'p',
      PolicyDocument: statement({ Resource: '*', Effect: 'Deny' }),
    });
    await expect(sts('AssumeRole', ASSUME, ANN)).rejects.toMatchObject(denial(USER_ARN));
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'p', PolicyDocument: ALLOW_ALL });
    await sts('AssumeRole', ASSUME, ANN);
    const both = JSON.parse(trusting({ AWS: USER_ARN })) as { Statement: unknown[] };
    both.Statement.push({ Effect: 'Deny', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' });
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: JSON.stringify(both) });
    await expect(sts('AssumeRole', ASSUME, ANN)).rejects.toMatchObject(denial(USER_ARN));
  });

  it('across accounts needs both sides', async () => {
    await iam.call('CreateUser', { UserName: 'w' }, ROOT_OF_OTHER);
    const other = { accountId: OTHER_ACCOUNT, principalArn: `arn:aws:iam::${OTHER_ACCOUNT}:user/w` };
    await makeRole(trusting({ AWS: other.principalArn }));
    await expect(sts('AssumeRole', ASSUME, other)).rejects.toMatchObject(denial(other.principalArn));
    await iam.call(
      'PutUserPolicy',
      { UserName: 'w', PolicyName: 'p', PolicyDocument: statement({ Resource: ROLE_ARN }) },
      ROOT_OF_OTHER,
    );
    const answer = await sts('AssumeRole', ASSUME, other);
    expect(await iam.keyStore.read(answer.Credentials.AccessKeyId)).toMatchObject({ accountId: ACCOUNT });
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trusting({ AWS: USER_ARN }) });
    await expect(sts('AssumeRole', ASSUME, other)).rejects.toMatchObject(denial(other.principalArn));
  });

  it('holds conditions on the external id, the session name and the caller', async () => {
    await makeRole(
      trusting(
        { AWS: USER_ARN },
        {
          Condition: {
            StringEquals: { 'sts:ExternalId': 'secret', 'aws:username': 'u' },
            StringLike: { 'sts:RoleSessionName': '${aws:username}-*' },
          },
        },
      ),
    );
    await expect(sts('AssumeRole', { ...ASSUME, RoleSessionName: 'u-1' }, ANN)).rejects.toMatchObject(denial(USER_ARN));
    await expect(sts('AssumeRole', { ...ASSUME, RoleSessionName: 'u-1', ExternalId: 'wrong' }, ANN)).rejects.toMatchObject(
      denial(USER_ARN),
    );
    await expect(sts('AssumeRole', { ...ASSUME, ExternalId: 'secret' }, ANN)).rejects.toMatchObject(denial(USER_ARN));
    await sts('AssumeRole', { ...ASSUME, RoleSessionName: 'u-1', ExternalId: 'secret' }, ANN);
  });

  it('lives as long as was asked for, at most what the role allows, and an hour from session to session', async () => {
    await makeRole(trusting({ AWS: [USER_ARN, `arn:aws:iam::${ACCOUNT}:role/app/r`] }), { MaxSessionDuration: 7200 });
    const long = await sts('AssumeRole', { ...ASSUME, DurationSeconds: 7200 }, ANN);
    expect(long.Credentials.Expiration.getTime()).toBeGreaterThan(Date.now() + 7_190_000);
    await expect(sts('AssumeRole', { ...ASSUME, DurationSeconds: 7201 }, ANN)).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
    await sts('AssumeRole', ASSUME, as(long));
    await expect(sts('AssumeRole', { ...ASSUME, DurationSeconds: 3601 }, as(long))).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    });
  });

  it('takes session policies, which are checked and kept with the session', async () => {
    await makeRole(trusting({ AWS: USER_ARN }));
    const basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
    const answer = await sts('AssumeRole', { ...ASSUME, Policy: ALLOW_ALL, PolicyArns: [{ arn: basic }] }, ANN);
    expect(answer.PackedPolicySize).toBeGreaterThan(0);
    expect((await parts.principals.load(callerContext(as(answer))))!.session).toMatchObject([
      { id: 'session', document: ALLOW_ALL },
      { id: basic },
    ]);
    await expect(sts('AssumeRole', { ...ASSUME, Policy: '{}' }, ANN)).rejects.toMatchObject({
      code: 'MalformedPolicyDocument',
      status: 400,
    });
    const long = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:Get*', Resource: `arn:aws:s3:::${'x'.repeat(2_100)}` }],
    });
    await expect(sts('AssumeRole', { ...ASSUME, Policy: long }, ANN)).rejects.toMatchObject({
      code: 'PackedPolicyTooLarge',
      status: 400,
    });
    await expect(
      sts('AssumeRole', { ...ASSUME, PolicyArns: [{ arn: `arn:aws:iam::${ACCOUNT}:policy/none` }] }, ANN),
    ).rejects.toMatchObject({ code: 'ValidationError' });
  });

  it('takes session tags with sts:TagSession, hands the transitive ones on, and lets nobody replace them', async () => {
    const actions = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
    await makeRole(trusting({ AWS: USER_ARN }));
    const tagged = {
      ...ASSUME,
      Tags: [
        { Key: 'Team', Value: 'blue' },
        { Key: 'Job', Value: 'x' },
      ],
      TransitiveTagKeys: ['team'],
    };
    await expect(sts('AssumeRole', tagged, ANN)).rejects.toMatchObject(denial(USER_ARN, 'sts:TagSession'));
    await iam.call('UpdateAssumeRolePolicy', {
      RoleName: 'r',
      PolicyDocument: trusting(
        { AWS: [USER_ARN, ROLE_ARN] },
        { Action: actions, Condition: { StringEqualsIfExists: { 'aws:RequestTag/team': 'blue' } } },
      ),
    });
    await expect(sts('AssumeRole', { ...tagged, Tags: [{ Key: 'Team', Value: 'red' }] }, ANN)).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    const first = await sts('AssumeRole', tagged, ANN);
    const second = await sts('AssumeRole', { ...ASSUME, Tags: [{ Key: 'Other', Value: 'y' }] }, as(first));
    expect(await parts.principals.load(callerContext(as(second)))).toMatchObject({
      tags: [
        { Key: 'Team', Value: 'blue' },
        { Key: 'Other', Value: 'y' },
      ],
      transitiveTagKeys: ['team'],
    });
    await expect(sts('AssumeRole', { ...ASSUME, Tags: [{ Key: 'TEAM', Value: 'blue' }] }, as(first))).rejects.toMatchObject({
      code: 'InvalidParameterValue',
      message: expect.stringContaining('conflicts with a transitive tag key'),
    });
    await expect(sts('AssumeRole', { ...ASSUME, TransitiveTagKeys: ['nope'] }, ANN)).rejects.toMatchObject({
      code: 'InvalidParameterValue',
    });
  });

  it('keeps a source identity through a chain', async () => {
    await makeRole(trusting({ AWS: [USER_ARN, ROLE_ARN] }, { Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] }));
    const first = await sts('AssumeRole', { ...ASSUME, SourceIdentity: 'ann' }, ANN);
    expect(first.SourceIdentity).toBe('ann');
    const second = await sts('AssumeRole', ASSUME, as(first));
    expect(second.SourceIdentity).toBe('ann');
    await expect(sts('AssumeRole', { ...ASSUME, SourceIdentity: 'bob' }, as(second))).rejects.toMatchObject({
      code: 'ValidationError',
    });
  });

  it('does not pass the trust in a user on to another of its name', async () => {
    await makeRole(trusting({ AWS: [USER_ARN] }));
    await sts('AssumeRole', ASSUME, ANN);
    await iam.call('DeleteUser', { UserName: 'u' });
    await iam.call('CreateUser', { UserName: 'u' });
    await expect(sts('AssumeRole', ASSUME, ANN)).rejects.toMatchObject(denial(USER_ARN));
  });

  it('refuses what it does not do', async () => {
    await makeRole(trusting({ AWS: USER_ARN }));
    for (const member of ['SerialNumber', 'TokenCode', 'ProvidedContexts', 'MinimumSessionTokenSize']) {
      await expect(sts('AssumeRole', { ...ASSUME, [member]: 'x' }, ANN)).rejects.toMatchObject({
        code: 'NotImplemented',
        status: 501,
      });
    }
  });

  it('leaves no session of a role that is being deleted', async () => {
    for (let round = 0; round < 10; round++) {
      await makeRole(trusting({ AWS: USER_ARN }));
      const [assumed, deleted] = await Promise.allSettled([
        sts('AssumeRole', ASSUME, ANN),
        iam.call('DeleteRole', { RoleName: 'r' }),
      ]);
      expect(deleted.status).toBe('fulfilled');
      if (assumed.status === 'rejected') expect(assumed.reason).toMatchObject(denial(USER_ARN));
      expect((await iam.database.pool.query("SELECT 1 FROM access_keys WHERE id LIKE 'ASIA%'")).rowCount).toBe(0);
    }
  });
});

describe('GetCallerIdentity', () => {
  it('tells root, users and sessions who they are', async () => {
    const { User } = await iam.call('GetUser', { UserName: 'u' });
    expect(await sts('GetCallerIdentity')).toEqual({ UserId: ACCOUNT, Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:root` });
    expect(await sts('GetCallerIdentity', {}, ANN)).toEqual({ UserId: User.UserId, Account: ACCOUNT, Arn: USER_ARN });
  });
});

describe('GetSessionToken', () => {
  it('gives a user temporary keys of its own, for 12 hours unless asked otherwise', async () => {
    const answer = await sts('GetSessionToken', {}, ANN);
    expect(answer.Credentials.Expiration.getTime()).toBeGreaterThan(Date.now() + 43_190_000);
    const { User } = await iam.call('GetUser', { UserName: 'u' });
    expect(await iam.keyStore.read(answer.Credentials.AccessKeyId)).toMatchObject({
      principalArn: USER_ARN,
      identityId: User.UserId,
    });
    expect(await sts('GetCallerIdentity', {}, as(answer, USER_ARN))).toEqual({
      UserId: User.UserId,
      Account: ACCOUNT,
      Arn: USER_ARN,
    });
    expect((await parts.principals.load(callerContext(as(answer, USER_ARN))))!.session).toHaveLength(1);
    await expect(sts('GetSessionToken', {}, as(answer, USER_ARN))).rejects.toMatchObject({ code: 'AccessDenied' });
    await iam.call('DeleteUser', { UserName: 'u' });
    expect(await iam.keyStore.read(answer.Credentials.AccessKeyId)).toBeUndefined();
  });

  it('gives the root an hour at most, and no session anything', async () => {
    const answer = await sts('GetSessionToken', { DurationSeconds: 43_200 });
    expect(answer.Credentials.Expiration.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000);
    await makeRole(trusting({ AWS: USER_ARN }));
    await expect(sts('GetSessionToken', {}, as(await sts('AssumeRole', ASSUME, ANN)))).rejects.toMatchObject({
      code: 'AccessDenied',
    });
  });
});

describe('GetAccessKeyInfo', () => {
  it('tells whose account a key is of', async () => {
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
    expect(await sts('GetAccessKeyInfo', { AccessKeyId: AccessKey.AccessKeyId }, ROOT_OF_OTHER)).toEqual({ Account: ACCOUNT });
    await expect(sts('GetAccessKeyInfo', { AccessKeyId: 'AKIAUNKNOWNUNKNOWN22' })).rejects.toMatchObject({
      code: 'ValidationError',
    });
  });
});

it('every operation has its permission mapping', () => {
  expect(Object.keys(stsPermissions).sort()).toEqual(Object.keys(stsOperations(parts)).sort());
});
