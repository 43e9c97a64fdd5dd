import { arnOf, CatalogueFixture, until, zipOf, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
let other: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process({ random: seeded(20_261_125) });
  other = fixture.process();
});
afterAll(() => fixture.destroy());

/** mulberry32: the same numbers in every run, so that a test of chance cannot fail by chance. */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A function with versions 1 and 2. */
async function withVersions(name: string): Promise<void> {
  await hearth.create(name, { Publish: true });
  await hearth.settled(name);
  await hearth.settled(name, '1');
  await hearth.call('UpdateFunctionCode', { FunctionName: name, ZipFile: await zipOf(`two of ${name}`), Publish: true });
  await hearth.settled(name);
  await hearth.settled(name, '2');
}

const fromMemory = (process: Process, name: string, qualifier: string) =>
  until(async () => {
    const answer = process.resolve(name, qualifier);
    if (!(answer instanceof Promise)) return answer;
    await answer;
    return undefined;
  });

describe('aliases', () => {
  it('are created, read, changed and deleted as the specification says', async () => {
    await withVersions('basic');
    const made = await hearth.call('CreateAlias', { FunctionName: 'basic', Name: 'live', FunctionVersion: '1' });
    expect(made).toEqual({ AliasArn: `${arnOf('basic')}:live`, Name: 'live', FunctionVersion: '1', Description: '', RevisionId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(await hearth.call('GetAlias', { FunctionName: arnOf('basic'), Name: 'live' })).toEqual(made);
    const moved = await hearth.call('UpdateAlias', { FunctionName: 'basic', Name: 'live', FunctionVersion: '2', Description: 'd', RevisionId: made.RevisionId });
    expect(moved).toMatchObject({ FunctionVersion: '2', Description: 'd' });
    expect(moved.RevisionId).not.toBe(made.RevisionId);
    await expect(hearth.call('UpdateAlias', { FunctionName: 'basic', Name: 'live', RevisionId: made.RevisionId })).rejects.toMatchObject({
      code: 'PreconditionFailedException',
      message: 'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    });
    expect(await hearth.call('DeleteAlias', { FunctionName: 'basic', Name: 'live' })).toEqual({});
    expect(await hearth.call('DeleteAlias', { FunctionName: 'basic', Name: 'live' })).toEqual({});
    await expect(hearth.call('GetAlias', { FunctionName: 'basic', Name: 'live' })).rejects.toMatchObject({ code: 'ResourceNotFoundException', message: `Cannot find alias arn: ${arnOf('basic')}:live` });
    await expect(hearth.call('UpdateAlias', { FunctionName: 'basic', Name: 'live' })).rejects.toMatchObject({ status: 404, message: `Alias not found: ${arnOf('basic')}:live` });
    await expect(hearth.call('DeleteAlias', { FunctionName: 'nope', Name: 'live' })).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('nope')}` });
  });

  it('refuse what they cannot point to', async () => {
    await withVersions('strict');
    const create = (more: object) => hearth.call('CreateAlias', { FunctionName: 'strict', Name: 'a', FunctionVersion: '1', ...more });
    await expect(create({ FunctionVersion: '9' })).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('strict')}:9` });
    await expect(create({ RoutingConfig: { AdditionalVersionWeights: { '9': 0.1 } } })).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('strict')}:9` });
    await expect(create({ RoutingConfig: { AdditionalVersionWeights: { '1': 0.1 } } })).rejects.toMatchObject({
      status: 400,
      message: 'Invalid function version 1. Function version 1 is already included in routing configuration.',
    });
    await expect(create({ RoutingConfig: { AdditionalVersionWeights: { '1': 0.1, '2': 0.1 } } })).rejects.toMatchObject({ message: 'Number of items in AdditionalVersionWeights cannot be greater than 1' });
    await expect(create({ FunctionVersion: '$LATEST', RoutingConfig: { AdditionalVersionWeights: { '1': 0.1 } } })).rejects.toMatchObject({ message: '$LATEST is not supported for an alias pointing to more than 1 version' });
    await expect(hearth.call('CreateAlias', { FunctionName: 'nope', Name: 'a', FunctionVersion: '1' })).rejects.toMatchObject({ message: `Function not found: ${arnOf('nope')}` });
    await create({ RoutingConfig: { AdditionalVersionWeights: { '2': 0.1 } } });
    await expect(create({})).rejects.toMatchObject({ code: 'ResourceConflictException', status: 409, message: `Alias already exists: ${arnOf('strict')}:a` });
    await expect(hearth.call('UpdateAlias', { FunctionName: 'strict', Name: 'a', FunctionVersion: '2' })).rejects.toMatchObject({ status: 400, message: expect.stringContaining('already included') });
    const cleared = await hearth.call('UpdateAlias', { FunctionName: 'strict', Name: 'a', FunctionVersion: '2', RoutingConfig: { AdditionalVersionWeights: {} } });
    expect(cleared.RoutingConfig).toBeUndefined();
  });

  it('are a qualifier wherever one is allowed', async () => {
    await withVersions('named');
    await hearth.call('CreateAlias', { FunctionName: 'named', Name: 'live', FunctionVersion: '2' });
    expect(await hearth.call('GetFunctionConfiguration', { FunctionName: 'named:live' })).toMatchObject({ FunctionArn: `${arnOf('named')}:live`, Version: '2' });
    expect((await hearth.call('GetFunction', { FunctionName: 'named', Qualifier: 'live' })).Configuration).toMatchObject({ FunctionArn: `${arnOf('named')}:live`, Version: '2' });
    await expect(hearth.call('GetFunction', { FunctionName: 'named', Qualifier: 'dead' })).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('named')}:dead` });
    expect(await hearth.resolve('named', 'live')).toMatchObject({ version: '2' });
    await expect(hearth.resolve('named', 'dead')).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('named')}:dead` });
  });

  it('keep their versions from being deleted, the additional one too', async () => {
    await withVersions('kept');
    await hearth.call('CreateAlias', { FunctionName: 'kept', Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } });
    await hearth.call('CreateAlias', { FunctionName: 'kept', Name: 'beta', FunctionVersion: '2' });
    await expect(hearth.call('DeleteFunction', { FunctionName: 'kept', Qualifier: '1' })).rejects.toMatchObject({
      code: 'ResourceConflictException',
      status: 409,
      message: 'Unable to delete version because the following aliases reference it: [live]',
    });
    await expect(hearth.call('DeleteFunction', { FunctionName: 'kept:2' })).rejects.toMatchObject({ message: 'Unable to delete version because the following aliases reference it: [beta, live]' });
    await hearth.call('DeleteAlias', { FunctionName: 'kept', Name: 'live' });
    await hearth.call('DeleteFunction', { FunctionName: 'kept', Qualifier: '1' });
    await hearth.call('DeleteFunction', { FunctionName: 'kept' });
    await expect(hearth.call('ListAliases', { FunctionName: 'kept' })).rejects.toMatchObject({ status: 404 });
  });

  it('share out invocations by weight: 10,000 at 90/10 within 3 sigma', async () => {
    await withVersions('split');
    await hearth.call('CreateAlias', { FunctionName: 'split', Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.1 } } });
    await fromMemory(hearth, 'split', 'live');
    let second = 0;
    for (let index = 0; index < 10_000; index++) if ((await hearth.resolve('split', 'live')).version === '2') second++;
    expect(Math.abs(second - 1_000)).toBeLessThanOrEqual(3 * Math.sqrt(10_000 * 0.1 * 0.9));
    await hearth.call('UpdateAlias', { FunctionName: 'split', Name: 'live', RoutingConfig: { AdditionalVersionWeights: { '2': 1 } } });
    for (let index = 0; index < 100; index++) expect((await hearth.resolve('split', 'live')).version).toBe('2');
    await hearth.call('UpdateAlias', { FunctionName: 'split', Name: 'live', RoutingConfig: { AdditionalVersionWeights: { '2': 0 } } });
    for (let index = 0; index < 100; index++) expect((await hearth.resolve('split', 'live')).version).toBe('1');
  });

  it('that another process moves are noticed', async () => {
    await withVersions('moved');
    await hearth.call('CreateAlias', { FunctionName: 'moved', Name: 'live', FunctionVersion: '1' });
    expect((await fromMemory(other, 'moved', 'live')).version).toBe('1');
    await hearth.call('UpdateAlias', { FunctionName: 'moved', Name: 'live', FunctionVersion: '2' });
    expect((await hearth.resolve('moved', 'live')).version).toBe('2');
    await until(async () => ((await other.resolve('moved', 'live')).version === '2' ? true : undefined));
    await fromMemory(other, 'moved', 'live');
    await hearth.call('DeleteAlias', { FunctionName: 'moved', Name: 'live' });
    await expect(hearth.resolve('moved', 'live')).rejects.toMatchObject({ status: 404 });
    await until(async () => {
      try {
        await other.resolve('moved', 'live');
        return undefined;
      } catch {
        return true;
      }
    });
  });

  it('are listed in pages that hold under change, and by version', async () => {
    await withVersions('listed');
    for (const name of ['b', 'd', 'f', 'h']) await hearth.call('CreateAlias', { FunctionName: 'listed', Name: name, FunctionVersion: name < 'e' ? '1' : '2' });
    const first = await hearth.call('ListAliases', { FunctionName: 'listed', MaxItems: 2 });
    expect(first.Aliases.map(({ Name }: any) => Name)).toEqual(['b', 'd']);
    await hearth.call('DeleteAlias', { FunctionName: 'listed', Name: 'd' });
    await hearth.call('CreateAlias', { FunctionName: 'listed', Name: 'a', FunctionVersion: '1' });
    const second = await hearth.call('ListAliases', { FunctionName: 'listed', MaxItems: 2, Marker: first.NextMarker });
    expect(second.Aliases.map(({ Name }: any) => Name)).toEqual(['f', 'h']);
    expect(second.NextMarker).toBeUndefined();
    expect((await hearth.call('ListAliases', { FunctionName: 'listed', FunctionVersion: '2' })).Aliases.map(({ Name }: any) => Name)).toEqual(['f', 'h']);
    await expect(hearth.call('ListAliases', { FunctionName: 'listed', Marker: 'x' })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  });
});
