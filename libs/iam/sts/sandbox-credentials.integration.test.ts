import { setTimeout as delay } from 'node:timers/promises';
import { InfrastructureError } from '@hearth/kernel';
import { ACCOUNT, iamFixture, LAMBDA_TRUST, type IamFixture } from '../api/testing/iam-fixture.js';
import { PrincipalPolicyStore } from '../store/principal-policies.js';
import { removeLostSandboxHosts } from '../store/sandbox-hosts.js';
import { ExecutionRoles } from './execution-roles.js';
import { SandboxCredentials, type SandboxCredentialsOptions } from './sandbox-credentials.js';

const FUNCTION = { accountId: ACCOUNT, region: 'eu-central-1', functionName: 'f', role: `arn:aws:iam::${ACCOUNT}:role/app/r` };

let iam: IamFixture;
let errors: Error[];
let lost: number;
let running: SandboxCredentials[];

beforeAll(async () => {
  iam = await iamFixture();
});
beforeEach(async () => {
  await iam.reset();
  await iam.database.pool.query('DELETE FROM sandbox_hosts');
  await iam.call('CreateRole', { RoleName: 'r', Path: '/app/', AssumeRolePolicyDocument: LAMBDA_TRUST });
  errors = [];
  running = [];
  lost = 0;
});
afterEach(async () => {
  for (const each of running) await each.stop();
});
afterAll(() => iam.close());

async function worker(owner = 'worker', options: Partial<SandboxCredentialsOptions> = {}): Promise<SandboxCredentials> {
  const roles = new ExecutionRoles({ database: iam.database, keyStore: iam.keyStore });
  const credentials = new SandboxCredentials({ database: iam.database, roles, owner, onError: (error) => errors.push(error), ...options });
  await credentials.start(() => (lost += 1));
  running.push(credentials);
  return credentials;
}
const isGood = async (accessKeyId: string): Promise<boolean> => (await iam.keyStore.read(accessKeyId)) !== undefined;
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('Not in time');
    await delay(10);
  }
}
/** Lets the rows of all lives look as old as that. */
const age = (column: 'renewed_at' | 'suspected_at', seconds: number) => iam.database.pool.query(`UPDATE sandbox_hosts SET ${column} = ${column} - interval '${seconds} seconds'`);

describe("a sandbox's credentials", () => {
  it('are a session of the role that bears the name of the function and tells whose it is, for 12 hours', async () => {
    const credentials = await worker();
    const first = await credentials.issue(FUNCTION);
    expect(first.expiresAt - Date.now()).toBeGreaterThan(43_190_000);
    const principalArn = `arn:aws:sts::${ACCOUNT}:assumed-role/r/f`;
    expect(await new PrincipalPolicyStore(iam.database).load({ accountId: ACCOUNT, principalArn, accessKeyId: first.accessKeyId })).toMatchObject({
      kind: 'assumed-role',
      roleArn: FUNCTION.role,
      sourceFunctionArn: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:f`,
    });
    expect((await credentials.issue(FUNCTION)).accessKeyId).not.toBe(first.accessKeyId);
  });

  it('are refused soon after they were revoked, many at once', async () => {
    const credentials = await worker();
    const issued = await Promise.all(Array.from({ length: 20 }, () => credentials.issue(FUNCTION)));
    for (const { accessKeyId } of issued.slice(1)) credentials.revoke(accessKeyId);
    await until(async () => (await iam.database.pool.query('SELECT 1 FROM access_keys WHERE sandbox_host_id IS NOT NULL')).rowCount === 1);
    expect(await isGood(issued[0]!.accessKeyId)).toBe(true);
  });

  it('are revoked later when Postgres does not answer now', async () => {
    let away = false;
    const { pool } = iam.database;
    const query = (...parameters: Parameters<typeof pool.query>) => (away ? Promise.reject(new Error('away')) : pool.query(...parameters));
    const interrupted = { connect: pool.connect.bind(pool), query } as unknown as typeof pool;
    const database = Object.create(iam.database, { pool: { value: interrupted } }) as typeof iam.database;
    const credentials = await worker('worker', { database, renewMs: 20 });
    const { accessKeyId } = await credentials.issue(FUNCTION);
    away = true;
    credentials.revoke(accessKeyId);
    await until(() => errors.length > 0);
    expect(await isGood(accessKeyId)).toBe(true);
    away = false;
    await until(async () => !(await isGood(accessKeyId)));
    expect(lost).toBe(0);
  });

  it('are not given when the role is gone or trusts Lambda no more', async () => {
    const credentials = await worker();
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: LAMBDA_TRUST.replace('lambda.', 'events.') });
    const refusal = { code: 'InvalidParameterValueException', message: 'The role defined for the function cannot be assumed by Lambda.' };
    await expect(credentials.issue(FUNCTION)).rejects.toMatchObject(refusal);
    await iam.call('DeleteRole', { RoleName: 'r' });
    await expect(credentials.issue(FUNCTION)).rejects.toMatchObject(refusal);
  });

  it('of a role that is deleted go with it', async () => {
    const credentials = await worker();
    const { accessKeyId } = await credentials.issue(FUNCTION);
    await iam.call('DeleteRole', { RoleName: 'r' });
    expect(await isGood(accessKeyId)).toBe(false);
  });
});

describe('a worker', () => {
  it('takes everything with it when it stops', async () => {
    const credentials = await worker();
    const other = await worker('another worker');
    const [mine, others] = [await credentials.issue(FUNCTION), await other.issue(FUNCTION)];
    await credentials.stop();
    expect([await isGood(mine.accessKeyId), await isGood(others.accessKeyId)]).toEqual([false, true]);
    await expect(credentials.issue(FUNCTION)).rejects.toBeInstanceOf(InfrastructureError);
  });

  it('that died leaves nothing once it starts again, or has been silent for long enough', async () => {
    const died = await worker();
    const other = await worker('another worker', { renewMs: 20 });
    const left = await died.issue(FUNCTION);
    const again = await worker();
    expect(await isGood(left.accessKeyId)).toBe(false);

    const [silent, alive] = [await again.issue(FUNCTION), await other.issue(FUNCTION)];
    expect(await removeLostSandboxHosts(iam.database)).toBe(0);
    await age('renewed_at', 31);
    expect(await removeLostSandboxHosts(iam.database)).toBe(0);
    // The one that lives speaks before its time is over.
    await until(async () => (await iam.database.pool.query('SELECT 1 FROM sandbox_hosts WHERE suspected_at IS NULL')).rowCount === 1);
    await age('suspected_at', 21);
    expect(await removeLostSandboxHosts(iam.database)).toBe(1);
    expect([await isGood(silent.accessKeyId), await isGood(alive.accessKeyId)]).toEqual([false, true]);
    expect([lost, errors]).toEqual([0, []]);
  });

  it('that was given up by mistake learns of it and begins anew', async () => {
    const credentials = await worker('worker', { renewMs: 20 });
    const former = await credentials.issue(FUNCTION);
    await iam.database.pool.query('DELETE FROM sandbox_hosts');
    expect(await isGood(former.accessKeyId)).toBe(false);
    await until(() => lost === 1);
    await until(() => credentials.issue(FUNCTION).then(() => true, () => false));
    expect(lost).toBe(1);
  });
});
