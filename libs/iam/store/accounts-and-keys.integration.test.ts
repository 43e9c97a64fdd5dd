import { createHash } from 'node:crypto';
import { ACCOUNT, iamFixture, LAMBDA_TRUST, OTHER_ACCOUNT, type IamFixture } from '../api/testing/iam-fixture.js';
import { createAccount, disableAccount, enableAccount, listAccounts } from './accounts.js';
import { KeyUsage } from './key-usage.js';
import { removeExpiredSessions } from './sessions.js';

let iam: IamFixture;

beforeAll(async () => {
  iam = await iamFixture();
  await iam.keyStore.start();
});
beforeEach(() => iam.reset());
afterAll(async () => {
  await iam.keyStore.stop();
  await iam.close();
});

/** Waits for a condition with a deadline. */
async function until(condition: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('accounts', () => {
  it('are made with an id and the key of their administrator, and listed in order', async () => {
    const { account, administratorKey } = await createAccount(iam.database, iam.keyStore, { name: 'Team blue' });
    expect(account).toEqual({
      accountId: expect.stringMatching(/^[1-9]\d{11}$/),
      name: 'Team blue',
      createdAt: expect.any(Date),
      disabledAt: null,
    });
    expect(administratorKey).toMatchObject({
      accessKeyId: expect.stringMatching(/^AKIA/),
      accountId: account.accountId,
      principalArn: `arn:aws:iam::${account.accountId}:root`,
      active: true,
    });
    expect((await listAccounts(iam.database)).map(({ name }) => name)).toEqual(['one', 'two', 'Team blue']);
  });

  it('have unique names and ids, and names that can be written', async () => {
    await expect(createAccount(iam.database, iam.keyStore, { name: 'one' })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
    });
    await expect(createAccount(iam.database, iam.keyStore, { name: 'new', accountId: ACCOUNT })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
    });
    await expect(createAccount(iam.database, iam.keyStore, { name: 'new', accountId: '12' })).rejects.toMatchObject({
      code: 'ValidationError',
    });
    await expect(createAccount(iam.database, iam.keyStore, { name: 'line\nbreak' })).rejects.toMatchObject({
      code: 'ValidationError',
    });
    expect(await listAccounts(iam.database)).toHaveLength(2);
  });

  it('that are disabled have no active key within a second, and get them back', async () => {
    const { account, administratorKey } = await createAccount(iam.database, iam.keyStore, { name: 'new' });
    const active = async (): Promise<boolean | undefined> => (await iam.keyStore.lookup(administratorKey.accessKeyId))?.active;
    expect(await active()).toBe(true);
    expect(await disableAccount(iam.database, account.accountId)).toBe(true);
    await until(async () => (await active()) === false, 1_000);
    expect((await listAccounts(iam.database)).find(({ name }) => name === 'new')!.disabledAt).toEqual(expect.any(Date));
    expect(await enableAccount(iam.database, account.accountId)).toBe(true);
    await until(async () => (await active()) === true, 1_000);
    expect(await disableAccount(iam.database, '999999999999')).toBe(false);
  });
});

describe('keys', () => {
  it('that IAM switches off or deletes are refused by every process within a second', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
    const id = AccessKey.AccessKeyId as string;
    expect(await iam.keyStore.lookup(id)).toMatchObject({ active: true, principalArn: `arn:aws:iam::${ACCOUNT}:user/u` });
    await iam.call('UpdateAccessKey', { UserName: 'u', AccessKeyId: id, Status: 'Inactive' });
    await until(async () => (await iam.keyStore.lookup(id))?.active === false, 1_000);
    await iam.call('UpdateUser', { UserName: 'u', NewUserName: 'v' });
    await until(async () => (await iam.keyStore.lookup(id))?.principalArn === `arn:aws:iam::${ACCOUNT}:user/v`, 1_000);
    await iam.call('DeleteAccessKey', { UserName: 'v', AccessKeyId: id });
    await until(async () => (await iam.keyStore.lookup(id)) === undefined, 1_000);
  });

  it('and roles know when they were last used', async () => {
    let now = Date.parse('2026-01-02T03:04:05Z');
    const usage = new KeyUsage({
      database: iam.database,
      clock: { now: () => now },
      onError: (error) => {
        throw error;
      },
    });
    await iam.call('CreateUser', { UserName: 'u' });
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
    const { Role } = await iam.call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: LAMBDA_TRUST });
    const temporary = { tokenDigest: createHash('sha256').update('t').digest(), expiresAt: new Date(Date.now() + 60_000) };
    const session = await iam.keyStore.create({ accountId: ACCOUNT, principalArn: 'x', identityId: Role.RoleId, temporary });
    usage.record(AccessKey.AccessKeyId, 'lambda', 'eu-west-1');
    usage.record(session.accessKeyId, 's3', 'eu-west-1');
    usage.record('AKIAUNKNOWN', 's3', 'eu-west-1');
    await usage.flush();
    now += 1_000;
    usage.record(session.accessKeyId, 'logs', 'us-east-1');
    usage.start();
    await usage.stop();
    expect(await iam.call('GetAccessKeyLastUsed', { AccessKeyId: AccessKey.AccessKeyId })).toEqual({
      UserName: 'u',
      AccessKeyLastUsed: { LastUsedDate: new Date('2026-01-02T03:04:05Z'), ServiceName: 'lambda', Region: 'eu-west-1' },
    });
    expect((await iam.call('GetRole', { RoleName: 'r' })).Role.RoleLastUsed).toEqual({
      LastUsedDate: new Date('2026-01-02T03:04:06Z'),
      Region: 'us-east-1',
    });
  });

  it('that expired more than a day ago are removed', async () => {
    const key = (hoursAgo: number): Promise<unknown> => {
      const temporary = {
        tokenDigest: createHash('sha256').update('t').digest(),
        expiresAt: new Date(Date.now() - hoursAgo * 3_600_000),
        session: { kind: 'session-token' as const },
      };
      return iam.keyStore.create({ accountId: OTHER_ACCOUNT, principalArn: 'x', temporary });
    };
    await Promise.all([key(-1), key(1), key(25), key(26)]);
    expect(await removeExpiredSessions(iam.database, 1)).toBe(1);
    expect(await removeExpiredSessions(iam.database)).toBe(1);
    expect(await removeExpiredSessions(iam.database)).toBe(0);
    expect((await iam.database.pool.query('SELECT 1 FROM sts_sessions')).rowCount).toBe(2);
  });
});
