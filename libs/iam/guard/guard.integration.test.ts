import { createHash } from 'node:crypto';
import type { Permission } from '@hearth/aws-wire';
import { Database } from '@hearth/database';
import type { Clock, ServiceError } from '@hearth/kernel';
import { accountRootArn, type AccessKey } from '../access-key.js';
import { ACCOUNT, ALLOW_ALL, iamFixture, LAMBDA_TRUST, OTHER_ACCOUNT, type IamFixture } from '../api/testing/iam-fixture.js';
import { parsePolicy } from '../policy/index.js';
import type { NewSession } from '../store/sessions.js';
import { Guard } from './guard.js';
import { conditionKeysOf } from './request-keys.js';

const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
const INVOKE: Permission = { action: 'lambda:InvokeFunction', resource: FUNCTION };
const DENY_ALL = ALLOW_ALL.replace('Allow', 'Deny');
const FACTS = { sourceIp: '192.0.2.7', userAgent: 'test', secure: false, now: Date.now(), region: 'us-east-1' };

let iam: IamFixture;
/** The pool of another process. */
let elsewhere: Database;
const guards: Guard[] = [];
const errors: Error[] = [];

beforeAll(async () => {
  iam = await iamFixture();
  const { rows } = await iam.database.pool.query<{ name: string }>('SELECT current_database() AS name');
  const url = new URL(process.env['HEARTH_TEST_DATABASE_URL']!);
  url.pathname = `/${rows[0]!.name}`;
  elsewhere = new Database({ url: url.href, maxConnections: 2 });
});
beforeEach(async () => {
  await iam.reset();
  errors.length = 0;
});
afterEach(() => Promise.all(guards.splice(0).map((guard) => guard.stop())));
afterAll(async () => {
  await elsewhere.close();
  await iam.close();
});

async function newGuard({ clock, listening = true }: { clock?: Clock; listening?: boolean } = {}): Promise<Guard> {
  const guard = new Guard({
    database: iam.database,
    onError: (error) => errors.push(error),
    ...(clock === undefined ? {} : { clock }),
  });
  if (listening) await guard.start();
  guards.push(guard);
  return guard;
}

function policy(action: string, resource = '*', effect = 'Allow', condition?: object): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: effect, Action: action, Resource: resource, ...(condition === undefined ? {} : { Condition: condition }) },
    ],
  });
}

async function userKey(name: string, policies: Record<string, string> = {}, accountId = ACCOUNT): Promise<AccessKey> {
  const as = { accountId };
  const { User } = await iam.call('CreateUser', { UserName: name }, as);
  for (const [PolicyName, PolicyDocument] of Object.entries(policies))
    await iam.call('PutUserPolicy', { UserName: name, PolicyName, PolicyDocument }, as);
  return iam.keyStore.create({ accountId, principalArn: User.Arn, identityId: User.UserId });
}

async function sessionKey(
  name: string,
  policies: Record<string, string>,
  more: Partial<NewSession> = {},
  expiresAt = Date.now() + 600_000,
): Promise<AccessKey> {
  const { Role } = await iam.call('CreateRole', { RoleName: name, AssumeRolePolicyDocument: LAMBDA_TRUST });
  for (const [PolicyName, PolicyDocument] of Object.entries(policies))
    await iam.call('PutRolePolicy', { RoleName: name, PolicyName, PolicyDocument });
  const session = { kind: 'assumed-role' as const, sessionName: 's', ...more };
  const temporary = { tokenDigest: createHash('sha256').update('t').digest(), expiresAt: new Date(expiresAt), session };
  return iam.keyStore.create({
    accountId: ACCOUNT,
    principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/s`,
    identityId: Role.RoleId,
    temporary,
  });
}

async function rootKey(accountId: string): Promise<AccessKey> {
  return iam.keyStore.create({ accountId, principalArn: accountRootArn(accountId) });
}

/** @returns 'allowed', or the error's code and text */
async function outcome(
  guard: Guard,
  key: AccessKey,
  permission: Permission | Permission[] = INVOKE,
  resourcePolicy?: ReturnType<typeof parsePolicy>,
  facts = FACTS,
): Promise<string> {
  try {
    await guard.check(key, permission, facts, resourcePolicy);
    return 'allowed';
  } catch (error) {
    expect(error).toMatchObject({ name: 'ServiceError', status: 403 });
    return `${(error as ServiceError).code} ${(error as ServiceError).message}`;
  }
}

function denial(key: AccessKey, because: string, { action, resource }: Permission = INVOKE): string {
  return `AccessDeniedException User: ${key.principalArn} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
}

const NOTHING = 'because no identity-based policy allows the lambda:InvokeFunction action';

/** Waits for a condition with a deadline. */
async function until(condition: () => Promise<boolean> | boolean, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a denial says in the words of AWS what was missing or what denied', () => {
  it('for identity policies', async () => {
    const guard = await newGuard();
    const bare = await userKey('bare');
    const denied = await userKey('denied', { a: ALLOW_ALL, d: DENY_ALL });
    expect(await outcome(guard, bare)).toBe(denial(bare, NOTHING));
    expect(await outcome(guard, denied)).toBe(denial(denied, 'with an explicit deny in an identity-based policy'));
  });

  it('for boundaries', async () => {
    const guard = await newGuard();
    const key = await userKey('u', { a: ALLOW_ALL });
    const { Policy } = await iam.call('CreatePolicy', { PolicyName: 'b', PolicyDocument: policy('s3:*') });
    await iam.call('PutUserPermissionsBoundary', { UserName: 'u', PermissionsBoundary: Policy.Arn });
    expect(await outcome(guard, key)).toBe(
      denial(key, 'because no permissions boundary allows the lambda:InvokeFunction action'),
    );
    await iam.call('CreatePolicyVersion', { PolicyArn: Policy.Arn, PolicyDocument: DENY_ALL, SetAsDefault: true });
    await until(
      async () => (await outcome(guard, key)) === denial(key, 'with an explicit deny in a permissions boundary'),
      1_000,
    );
  });

  it('for session policies, and two sessions of one name are not mixed up', async () => {
    const guard = await newGuard();
    const narrow = await sessionKey('r', { a: ALLOW_ALL }, { sessionPolicy: policy('s3:*') });
    const wide = await iam.keyStore.create({
      accountId: ACCOUNT,
      principalArn: narrow.principalArn,
      identityId: narrow.identityId!,
      temporary: {
        tokenDigest: Buffer.alloc(32),
        expiresAt: new Date(Date.now() + 600_000),
        session: { kind: 'assumed-role', sessionName: 's' },
      },
    });
    expect(await outcome(guard, narrow)).toBe(
      denial(narrow, 'because no session policy allows the lambda:InvokeFunction action'),
    );
    expect(await outcome(guard, wide)).toBe('allowed');
    expect(await outcome(guard, narrow)).toContain('no session policy');
  });

  it('for policies of resources', async () => {
    const guard = await newGuard();
    const key = await userKey('u', { a: ALLOW_ALL });
    const resourcePolicy = (effect: string, account: string) =>
      parsePolicy(
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: effect, Principal: { AWS: account }, Action: 'lambda:InvokeFunction', Resource: FUNCTION }],
        }),
        { kind: 'resource', name: FUNCTION },
      );
    expect(await outcome(guard, key, INVOKE, resourcePolicy('Deny', ACCOUNT))).toBe(
      denial(key, 'with an explicit deny in a resource-based policy'),
    );
    const stranger = await userKey('stranger', { a: ALLOW_ALL }, OTHER_ACCOUNT);
    expect(await outcome(guard, stranger)).toBe(
      denial(stranger, 'because no resource-based policy allows the lambda:InvokeFunction action'),
    );
    expect(await outcome(guard, stranger, INVOKE, resourcePolicy('Allow', OTHER_ACCOUNT))).toBe('allowed');
    // The policy of the function says nothing about the role that goes with it.
    const passed: Permission = { action: 'iam:PassRole', resource: `arn:aws:iam::${ACCOUNT}:role/r` };
    expect(await outcome(guard, stranger, [INVOKE, passed], resourcePolicy('Allow', OTHER_ACCOUNT))).toContain(
      'not authorized to perform: iam:PassRole',
    );
  });
});

it('asks each resource for its own policy when several are given', async () => {
  const guard = await newGuard();
  const key = await userKey('u', { a: ALLOW_ALL });
  const layer = (name: string): Permission => ({
    action: 'lambda:GetLayerVersion',
    resource: `arn:aws:lambda:us-east-1:${OTHER_ACCOUNT}:layer:${name}:1`,
  });
  const shared = (name: string) => {
    const { action, resource } = layer(name);
    return parsePolicy(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action: action, Resource: resource }],
      }),
      { kind: 'resource', name },
    );
  };
  const policies = new Map([[layer('a').resource, shared('a')]]);
  const create: Permission = { action: 'lambda:CreateFunction', resource: FUNCTION };
  await guard.check(key, [create, layer('a')], FACTS, policies);
  await expect(async () => guard.check(key, [create, layer('a'), layer('b')], FACTS, policies)).rejects.toThrow(
    'layer:b:1 because no resource-based policy allows',
  );
});

it('lets the root of an account do everything in it and nothing in others', async () => {
  const guard = await newGuard();
  const [own, other] = [await rootKey(ACCOUNT), await rootKey(OTHER_ACCOUNT)];
  expect(await outcome(guard, own)).toBe('allowed');
  expect(await outcome(guard, own, { action: 'lambda:ListFunctions', resource: '*' })).toBe('allowed');
  expect(await outcome(guard, other)).toBe(
    denial(other, 'because no resource-based policy allows the lambda:InvokeFunction action'),
  );
  expect(await outcome(guard, other, { action: 'iam:GetPolicy', resource: 'arn:aws:iam::aws:policy/AdministratorAccess' })).toBe(
    'allowed',
  );
});

it('allows services and strangers only what the policy of the resource allows', async () => {
  const guard = await newGuard();
  const statement = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: FUNCTION };
  const s3 = parsePolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          ...statement,
          Principal: { Service: 's3.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
        },
      ],
    }),
    { kind: 'resource', name: FUNCTION },
  );
  const everybody = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Principal: '*' }] }), {
    kind: 'resource',
    name: FUNCTION,
  });
  const fromAccount = { ...INVOKE, context: { 'aws:SourceAccount': [ACCOUNT] } };
  guard.checkForeign({ kind: 'service', name: 's3.amazonaws.com' }, fromAccount, FACTS, s3);
  guard.checkForeign({ kind: 'anonymous', name: '' }, INVOKE, FACTS, everybody);
  expect(() => guard.checkForeign({ kind: 'service', name: 's3.amazonaws.com' }, INVOKE, FACTS, s3)).toThrow(
    'User: s3.amazonaws.com is not authorized to perform: lambda:InvokeFunction',
  );
  expect(() => guard.checkForeign({ kind: 'service', name: 'sns.amazonaws.com' }, fromAccount, FACTS, s3)).toThrow(
    /no resource-based policy allows/,
  );
  expect(() => guard.checkForeign({ kind: 'anonymous', name: '' }, INVOKE, FACTS, undefined)).toThrow(
    'User: anonymous is not authorized',
  );
});

describe('conditions see the request', () => {
  it.each<[string, object, Partial<typeof FACTS>]>([
    ['the address', { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, { sourceIp: '198.51.100.1' }],
    ['TLS', { Bool: { 'aws:SecureTransport': 'false' } }, { secure: true }],
    ['the time', { DateLessThan: { 'aws:CurrentTime': new Date(FACTS.now + 1_000).toISOString() } }, { now: FACTS.now + 2_000 }],
    ['the epoch', { NumericLessThan: { 'aws:EpochTime': Math.floor(FACTS.now / 1000) + 2 } }, { now: FACTS.now + 5_000 }],
    ['the region', { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } }, { region: 'eu-west-1' }],
    ['the user agent', { StringLike: { 'aws:UserAgent': 'te?t' } }, { userAgent: 'other' }],
  ])('%s', async (_name, condition, facts) => {
    const guard = await newGuard();
    const key = await userKey('u', { a: policy('*', '*', 'Allow', condition) });
    expect(await outcome(guard, key)).toBe('allowed');
    expect(await outcome(guard, key, INVOKE, undefined, { ...FACTS, ...facts })).toBe(denial(key, NOTHING));
  });

  it('what the operation says of itself, which cannot pass for the principal', async () => {
    const guard = await newGuard();
    const key = await userKey('u', {
      a: policy('*', '*', 'Allow', { StringEquals: { 'lambda:FunctionArn': FUNCTION, 'aws:username': 'u' } }),
    });
    const keys = { 'Lambda:functionARN': [FUNCTION] };
    expect(await outcome(guard, key, { ...INVOKE, context: keys })).toBe('allowed');
    const other = await userKey('v', { a: policy('*', '*', 'Allow', { StringEquals: { 'aws:username': 'u' } }) });
    expect(await outcome(guard, other, { ...INVOKE, context: { 'aws:username': ['u'] } })).toBe(denial(other, NOTHING));
  });
});

describe('a change made by another process', () => {
  it('is effective within a second, and answers come from memory without a promise', async () => {
    const guard = await newGuard();
    const key = await userKey('u', { a: ALLOW_ALL });
    await until(async () => {
      await guard.check(key, INVOKE, FACTS);
      return !(guard.check(key, INVOKE, FACTS) instanceof Promise);
    }, 5_000);
    await elsewhere.pool.query('UPDATE iam_inline_policies SET document = $1', [DENY_ALL]);
    await until(async () => (await outcome(guard, key)).includes('explicit deny'), 1_000);
    await elsewhere.pool.query('DELETE FROM iam_inline_policies');
    await until(async () => (await outcome(guard, key)) === denial(key, NOTHING), 1_000);
    await elsewhere.pool.query("DELETE FROM iam_identities WHERE name = 'u'");
    await until(async () => (await outcome(guard, key)) === denial(key, NOTHING), 1_000);
    expect(errors).toEqual([]);
  });

  it('is effective within a second even when no notification arrives', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const deaf = await newGuard({ clock, listening: false });
    const key = await userKey('u', { a: ALLOW_ALL });
    await deaf.check(key, INVOKE, FACTS);
    await elsewhere.pool.query('DELETE FROM iam_inline_policies');
    clock.at += 400;
    expect(deaf.check(key, INVOKE, FACTS)).toBeUndefined();
    clock.at += 600;
    expect(await outcome(deaf, key)).toBe(denial(key, NOTHING));
  });

  it('is heard of again after the listening connection was lost', async () => {
    const guard = await newGuard();
    const key = await userKey('u', { a: ALLOW_ALL });
    const listeners = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hearth listener'";
    const { rows } = await iam.database.pool.query<{ pid: number }>(`SELECT pid ${listeners}`);
    await iam.database.pool.query(`SELECT pg_terminate_backend(pid) ${listeners}`);
    await until(
      async () =>
        (await iam.database.pool.query(`SELECT 1 ${listeners} AND query LIKE 'LISTEN%' AND pid <> $1`, [rows[0]!.pid]))
          .rowCount === 1,
      5_000,
    );
    expect(await outcome(guard, key)).toBe('allowed');
    await elsewhere.pool.query('DELETE FROM iam_inline_policies');
    await until(async () => (await outcome(guard, key)) === denial(key, NOTHING), 1_000);
    expect(errors.length).toBeGreaterThan(0);
  });

  it('that comes while policies are read is not overwritten by what was read before', async () => {
    const guard = await newGuard();
    const key = await userKey('u', { a: ALLOW_ALL });
    for (let round = 0; round < 20; round += 1) {
      const [effect, expected] = round % 2 === 0 ? [DENY_ALL, 'explicit deny'] : [ALLOW_ALL, 'allowed'];
      await Promise.all([
        outcome(guard, key),
        elsewhere.pool.query('UPDATE iam_inline_policies SET document = $1', [effect]),
        outcome(guard, key),
      ]);
      await until(async () => (await outcome(guard, key)).includes(expected!), 1_000);
    }
  });
});

it('fails closed when policies cannot be read', async () => {
  const guard = await newGuard({ listening: false });
  const key = await userKey('u', { a: ALLOW_ALL });
  await elsewhere.pool.query("UPDATE iam_inline_policies SET document = 'nonsense'");
  await expect(guard.check(key, INVOKE, FACTS)).rejects.toMatchObject({ name: 'InfrastructureError' });
});

it('explains to the operator which statement or which absence decided', async () => {
  const guard = await newGuard();
  const key = await userKey('u', {
    a: policy('lambda:*', `${FUNCTION}2`),
    d: policy('lambda:Invoke*', '*', 'Deny', { Bool: { 'aws:SecureTransport': 'true' } }),
  });
  const [explanation] = await guard.explain(key, INVOKE, FACTS);
  expect(explanation).toMatchObject({ permission: INVOKE, allowed: false });
  expect(explanation!.text.split('\n')).toEqual([
    `implicitDeny: ${key.principalArn} lambda:InvokeFunction on ${FUNCTION}: because no identity-based policy allows the lambda:InvokeFunction action`,
    'Identity policies:',
    '  user u: a:',
    '    statement 1 Allow: does not match: another resource',
    '  user u: d:',
    '    statement 1 Deny: does not match: condition Bool aws:SecureTransport is false',
  ]);
  const gone = await guard.explain({ accountId: ACCOUNT, principalArn: `arn:aws:iam::${ACCOUNT}:user/gone` }, INVOKE, FACTS);
  expect(gone[0]).toMatchObject({ allowed: false, text: expect.stringContaining('there is no such principal') });
});

it('tells operations that authorise themselves the keys of the request', () => {
  expect(conditionKeysOf({ ...FACTS, now: Date.parse('2026-01-01T00:00:00Z') })).toEqual({
    'aws:SourceIp': ['192.0.2.7'],
    'aws:UserAgent': ['test'],
    'aws:SecureTransport': ['false'],
    'aws:CurrentTime': ['2026-01-01T00:00:00.000Z'],
    'aws:EpochTime': ['1767225600'],
    'aws:RequestedRegion': ['us-east-1'],
    'aws:ViaAWSService': ['false'],
  });
  expect(conditionKeysOf({ secure: true, now: 0, region: 'r' })).not.toHaveProperty('aws:SourceIp');
});
