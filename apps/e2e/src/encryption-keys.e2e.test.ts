import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, UpdateFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { projectRoot } from '@hearth/kernel';
import { deploy, invoke, lambdaClient, refusal, untilUpdated } from './lambda.js';
import { Platform } from './platform.js';
import { run } from './run.js';

const CODE = 'exports.handler = async () => process.env.SECRET;';
const TEAM = 'arn:aws:kms:us-east-1:000000000000:key/team';

describe('hearth keys, beside a platform that serves', () => {
  let platform: Platform;
  let lambda: LambdaClient;

  beforeAll(async () => {
    platform = await Platform.start();
    lambda = lambdaClient(platform);
    await deploy(lambda, 'plain', CODE, { Environment: { Variables: { SECRET: 'plain one' } } });
  }, 90_000);
  afterAll(() => platform?.stop(), 60_000);

  const keys = (...args: string[]) =>
    run(process.execPath, ['dist/apps/cli/src/main.js', 'keys', ...args], {
      cwd: projectRoot(),
      env: { DATABASE_URL: platform.databaseUrl, HEARTH_STATE_DIR: platform.stateDir, NODE_OPTIONS: '' },
    });
  const masterKey = () => readFile(join(platform.stateDir, 'master.key'), 'utf8');

  it('makes a key that functions can name, at once', async () => {
    expect((await refusal(deploy(lambda, 'keyed', CODE, { KMSKeyArn: TEAM }))).message).toContain(`KMS Exception: NotFoundException KMS Message: Key '${TEAM}' does not exist`);
    expect((await keys('create', 'team')).trim()).toBe(TEAM);
    await deploy(lambda, 'keyed', CODE, { Environment: { Variables: { SECRET: 'keyed one' } }, KMSKeyArn: TEAM });
    expect((await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'keyed' }))).KMSKeyArn).toBe(TEAM);
    expect(await keys('list')).toMatch(/^-{12} {2}platform .*\n000000000000 {2}team .*\n$/);
    await expect(keys('create', 'team')).rejects.toThrow('Account 000000000000 has a key team already.');
  });

  it('rotates all keys while functions are invoked and changed', async () => {
    const values = new Map([['plain', 'plain one'], ['keyed', 'keyed one']]);
    let rotating = true;
    const users = [...values.keys()].map(async (name) => {
      for (let round = 0; rotating; round++) {
        expect((await invoke(lambda, name)).text).toBe(JSON.stringify(values.get(name)));
        const value = `${name} ${round} ${randomBytes(8).toString('hex')}`;
        await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { SECRET: value } } }));
        await untilUpdated(lambda, name);
        values.set(name, value);
      }
    });
    const report = await keys('rotate').finally(() => (rotating = false));
    await Promise.all(users);
    expect(report).toMatch(/^2 keys have new data keys; \d+ values were encrypted anew, 2 old data keys are gone\n$/);
    for (const [name, value] of values) expect((await invoke(lambda, name)).text).toBe(JSON.stringify(value));
    expect(await platform.query('SELECT 1 FROM encryption_key_versions WHERE retired_at IS NOT NULL')).toEqual([]);
  }, 120_000);

  it('replaces the master key under it; both the process that runs and the next one read everything', async () => {
    const before = await masterKey();
    expect(await keys('rotate-master')).toMatch(/^2 data keys were wrapped with the new master key\./);
    const after = await masterKey();
    expect(after.trim().split('\n')).toHaveLength(1);
    expect(after).not.toBe(before);
    const iam = new IAMClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: platform.credentials });
    await iam.send(new CreateUserCommand({ UserName: 'after' }));
    await iam.send(new CreateAccessKeyCommand({ UserName: 'after' }));
    iam.destroy();
    expect((await invoke(lambda, 'keyed')).status).toBe(200);
    await platform.kill9();
    await platform.restart();
    expect((await invoke(lambda, 'keyed')).text).toMatch(/^"keyed /);
    expect((await invoke(lambda, 'plain')).text).toMatch(/^"plain /);
  }, 120_000);
});
