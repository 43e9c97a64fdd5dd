import { randomBytes } from 'node:crypto';
import { Database } from '@hearth/database';
import { createKey, Keyring, rotateKeys, SecretBox, type MasterKeys, type Rotated } from '@hearth/iam';
import { functionEnvironments } from './function-environments.js';
import { CatalogueFixture, context, until, type Process } from './testing/catalogue-fixture.js';

const keyArn = (name: string): string => `arn:aws:kms:us-east-1:${context.accountId}:key/${name}`;
const unusable = (exception: string, message: string) => ({
  code: 'InvalidParameterValueException',
  status: 400,
  message: `Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant. Please check your KMS key settings. KMS Exception: ${exception} KMS Message: ${message}`,
});

let hearth: CatalogueFixture;
let database: Database;
const masters: MasterKeys = { current: randomBytes(32), previous: [] };
const masterKeys = (): Promise<MasterKeys> => Promise.resolve(masters);
const rings: Keyring[] = [];

beforeAll(async () => {
  hearth = await CatalogueFixture.create();
  database = new Database({ url: hearth.url, maxConnections: 4 });
  await database.pool.query('INSERT INTO accounts (id, name) VALUES ($1, $2)', [context.accountId, 'test']);
  await Promise.all([keyring(), keyring()]);
  for (const name of ['team', 'other']) await createKey({ database, masterKeys }, { accountId: context.accountId, name });
});
afterAll(async () => {
  await Promise.all(rings.map((ring) => ring.stop()));
  await database.close();
  await hearth.destroy();
});
afterEach(() => expect(hearth.errors).toEqual([]));

async function keyring(): Promise<Keyring> {
  const ring = await Keyring.open({ database, masterKeys, onError: (error) => hearth.errors.push(error) });
  ring.start();
  rings.push(ring);
  return ring;
}

/** One of the processes of a deployment. */
async function process(): Promise<Process> {
  return hearth.process({ secrets: await keyring() });
}

async function rotate(options: { name?: string; retirementMs?: number } = {}): Promise<Rotated> {
  const ring = await keyring();
  return rotateKeys(
    { database, keyring: ring, masterKeys, values: [functionEnvironments(database, ring)], retirementMs: options.retirementMs ?? 0 },
    options.name === undefined ? undefined : { accountId: context.accountId, name: options.name },
  );
}

/** Names of the keys that seal what a function has, by version. */
async function sealedBy(functionName: string): Promise<Record<string, string | null>> {
  const { rows } = await database.pool.query<{ version: string; name: string | null }>(
    `SELECT v.version, k.name FROM functions f JOIN function_versions v ON v.function_id = f.id
     LEFT JOIN encryption_key_versions d ON d.id = v.sealed_with LEFT JOIN encryption_keys k ON k.id = d.key_id WHERE f.name = $1`,
    [functionName],
  );
  return Object.fromEntries(rows.map(({ version, name }) => [version, name]));
}

describe('KMSKeyArn', () => {
  it('names the key that seals the variables, is answered, and can be changed and cleared', async () => {
    const one = await process();
    const Environment = { Variables: { A: 'secret' } };
    const created = await one.create('keyed', { Environment, KMSKeyArn: keyArn('team') });
    expect(created.KMSKeyArn).toBe(keyArn('team'));
    await one.settled('keyed');
    expect(await sealedBy('keyed')).toEqual({ $LATEST: 'team' });
    expect((await one.resolve('keyed')).environment).toEqual({ A: 'secret' });
    const first = await one.call('PublishVersion', { FunctionName: 'keyed' });

    const changed = await one.call('UpdateFunctionConfiguration', { FunctionName: 'keyed', KMSKeyArn: keyArn('other').replace('key/', 'alias/') });
    expect(changed).toMatchObject({ KMSKeyArn: keyArn('other').replace('key/', 'alias/'), Environment });
    await one.settled('keyed');
    expect(await sealedBy('keyed')).toEqual({ $LATEST: 'other', 1: 'team' });
    expect((await one.call('PublishVersion', { FunctionName: 'keyed' })).Version).toBe('2');

    await one.call('UpdateFunctionConfiguration', { FunctionName: 'keyed', Environment: { Variables: { A: 'new' } } });
    await one.settled('keyed');
    expect(await sealedBy('keyed')).toMatchObject({ $LATEST: 'other' });
    const cleared = await one.call('UpdateFunctionConfiguration', { FunctionName: 'keyed', KMSKeyArn: '' });
    expect(cleared.KMSKeyArn).toBeUndefined();
    await one.settled('keyed');
    expect(await sealedBy('keyed')).toEqual({ $LATEST: 'platform', 1: 'team', 2: 'other' });
    expect((await one.resolve('keyed')).environment).toEqual({ A: 'new' });
    expect(await one.call('GetFunctionConfiguration', { FunctionName: 'keyed', Qualifier: '1' })).toMatchObject({ KMSKeyArn: keyArn('team'), Environment, ConfigSha256: first.ConfigSha256 });
  });

  it('is refused when the account has no such key, as Lambda reports what KMS says', async () => {
    const one = await process();
    const create = (KMSKeyArn: string) => one.create('refused', { KMSKeyArn });
    await expect(create(keyArn('absent'))).rejects.toMatchObject(unusable('NotFoundException', `Key '${keyArn('absent')}' does not exist`));
    const alias = keyArn('absent').replace('key/', 'alias/');
    await expect(create(alias)).rejects.toMatchObject(unusable('NotFoundException', `Alias ${alias} is not found.`));
    const foreign = keyArn('team').replace(context.accountId, '999999999999');
    await expect(create(foreign)).rejects.toMatchObject(unusable('NotFoundException', `Key '${foreign}' does not exist`));
    await expect(create(keyArn('team').replace('us-east-1', 'eu-west-1'))).rejects.toMatchObject(unusable('InvalidArnException', 'Invalid arn eu-west-1'));
    await expect(create('arn:aws:s3:::bucket')).rejects.toMatchObject(unusable('InvalidArnException', 'Invalid arn arn:aws:s3:::bucket'));
    await expect(one.call('GetFunction', { FunctionName: 'refused' })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await one.create('plain', { KMSKeyArn: `arn:aws:kms:us-east-1:${context.accountId}:alias/aws/lambda`, Environment: { Variables: { A: '1' } } });
    expect(await sealedBy('plain')).toEqual({ $LATEST: 'platform' });
    await expect(one.call('UpdateFunctionConfiguration', { FunctionName: 'plain', KMSKeyArn: keyArn('absent') })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    await one.settled('plain');
  });

  it('of a deployment without named keys finds none', async () => {
    const bare = hearth.process({ secrets: new SecretBox(masters.current) });
    await expect(bare.create('bare', { KMSKeyArn: keyArn('team') })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  });
});

describe('a rotation', () => {
  it('changes nothing that a caller or an invocation sees', async () => {
    const [one, two] = [await process(), await process()];
    // Sealed by the master key itself, as before there were data keys.
    const old = hearth.process({ secrets: new SecretBox(masters.current) });
    await old.create('legacy', { Environment: { Variables: { L: 'legacy' } } });
    await old.settled('legacy');
    await one.create('steady', { Environment: { Variables: { S: 'one' } }, KMSKeyArn: keyArn('team') });
    await one.settled('steady');
    const published = await one.call('PublishVersion', { FunctionName: 'steady' });
    const seen = async (each: Process) => ({
      functions: await each.call('ListFunctions', { FunctionVersion: 'ALL' }),
      steady: await each.resolve('steady'),
      version: await each.resolve('steady', '1'),
      legacy: await each.resolve('legacy'),
    });
    const before = await seen(one);
    const sealed = await database.pool.query('SELECT sealed_environment FROM function_versions WHERE sealed_environment IS NOT NULL');
    const { destroyed } = await rotate();
    expect(destroyed).toBe(3);
    const after = await database.pool.query('SELECT sealed_environment FROM function_versions WHERE sealed_environment IS NOT NULL');
    const bytes = new Set(after.rows.map((row) => (row.sealed_environment as Buffer).toString('hex')));
    for (const row of sealed.rows) expect(bytes.has((row.sealed_environment as Buffer).toString('hex'))).toBe(false);
    expect(await sealedBy('steady')).toEqual({ $LATEST: 'team', 1: 'team' });
    expect(await sealedBy('legacy')).toEqual({ $LATEST: 'platform' });
    for (const each of [one, two, await process()]) expect(await seen(each)).toEqual(before);
    // Unchanged code and configuration still make no new version.
    expect(await one.call('PublishVersion', { FunctionName: 'steady' })).toMatchObject({ Version: '1', RevisionId: published.RevisionId });
    await one.call('UpdateFunctionConfiguration', { FunctionName: 'steady', Environment: { Variables: { S: 'one' } } });
    await one.settled('steady');
    expect((await one.call('PublishVersion', { FunctionName: 'steady' })).Version).toBe('1');
  });

  it('keeps what runs while an update is being prepared, and the update', async () => {
    const one = await process();
    await one.create('pending', { Environment: { Variables: { P: 'old' } } });
    await one.settled('pending');
    hearth.gate.close();
    await one.call('UpdateFunctionConfiguration', { FunctionName: 'pending', Environment: { Variables: { P: 'new' } } });
    await rotate();
    expect((await (await process()).resolve('pending')).environment).toEqual({ P: 'old' });
    hearth.gate.open();
    await one.settled('pending');
    expect((await until(async () => ((await one.resolve('pending')).environment['P'] === 'new' ? true : undefined)))).toBe(true);
    expect((await rotate()).destroyed).toBe(3);
    expect((await one.resolve('pending')).environment).toEqual({ P: 'new' });
  });

  it('loses no update that is made beside it', async () => {
    const processes = await Promise.all([process(), process()]);
    const names = Array.from({ length: 6 }, (_, index) => `busy${index}`);
    for (const name of names) await processes[0]!.create(name, { Environment: { Variables: { N: '0' } }, KMSKeyArn: keyArn('team') });
    for (const name of names) await processes[0]!.settled(name);
    const last = new Map(names.map((name) => [name, '0']));
    const created: string[] = [];
    let rotating = true;
    const writers = names.map(async (name, index) => {
      const own = processes[index % 2]!;
      for (let round = 1; rotating; round++) {
        await own.call('UpdateFunctionConfiguration', { FunctionName: name, Environment: { Variables: { N: String(round) } }, KMSKeyArn: round % 2 === 0 ? keyArn('team') : '' });
        last.set(name, String(round));
        await own.settled(name);
        await own.call('PublishVersion', { FunctionName: name });
        await own.create(`${name}-${round}`, { Environment: { Variables: { N: `${name}-${round}` } } });
        created.push(`${name}-${round}`);
      }
    });
    const rotated = [await rotate({ retirementMs: 2_000 }), await rotate({ name: 'team', retirementMs: 2_000 })];
    rotating = false;
    await Promise.all(writers);
    expect(rotated.map(({ destroyed }) => destroyed)).toEqual([3, 1]);
    const fresh = await process();
    for (const [name, value] of last) {
      expect(Number(value)).toBeGreaterThan(0);
      for (const each of [...processes, fresh]) expect((await each.resolve(name)).environment).toEqual({ N: value });
      const { Versions } = await fresh.call('ListVersionsByFunction', { FunctionName: name });
      for (const { Version, Environment } of Versions) if (Version !== '$LATEST') expect(Environment.Variables).toEqual({ N: Version });
    }
    for (const name of created) expect((await fresh.resolve(name)).environment).toEqual({ N: name });
  }, 60_000);
});
