import { arnOf, CatalogueFixture, context, until, zipOf, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
let other: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process();
  other = fixture.process();
  for (const name of ['a', 'b', 'c']) {
    await hearth.create(name, { Publish: true });
    await hearth.settled(name, '1');
  }
});
afterAll(() => fixture.destroy());

const put = (FunctionName: string, ReservedConcurrentExecutions: number) => hearth.call('PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
const unreserved = async () => (await hearth.call('GetAccountSettings')).AccountLimit.UnreservedConcurrentExecutions;

describe('reserved concurrency', () => {
  it('is set, read and taken back', async () => {
    expect(await hearth.call('GetFunctionConcurrency', { FunctionName: 'a' })).toEqual({});
    expect((await hearth.call('GetFunction', { FunctionName: 'a' })).Concurrency).toBeUndefined();
    expect(await put(arnOf('a'), 0)).toEqual({ ReservedConcurrentExecutions: 0 });
    expect(await hearth.call('GetFunctionConcurrency', { FunctionName: 'a' })).toEqual({ ReservedConcurrentExecutions: 0 });
    expect((await hearth.call('GetFunction', { FunctionName: 'a' })).Concurrency).toEqual({ ReservedConcurrentExecutions: 0 });
    expect((await hearth.resolve('a')).concurrency).toEqual({ reserved: 0, reservedInAccount: 0 });
    expect(await hearth.call('DeleteFunctionConcurrency', { FunctionName: 'a' })).toEqual({});
    expect(await hearth.call('GetFunctionConcurrency', { FunctionName: 'a' })).toEqual({});
  });

  it('leaves 100 to the others (the example of the specification)', async () => {
    await put('a', 400);
    await put('b', 300);
    expect(await unreserved()).toBe(300);
    await expect(put('c', 201)).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
    await put('c', 200);
    await put('a', 350);
    await hearth.call('DeleteFunctionConcurrency', { FunctionName: 'a' });
    await hearth.call('DeleteFunctionConcurrency', { FunctionName: 'c' });
    await put('b', 0);
  });

  it('cannot pass the limit through calls at the same time', async () => {
    const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => put(name, 450)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await unreserved()).toBe(100);
    for (const name of ['a', 'b', 'c']) await hearth.call('DeleteFunctionConcurrency', { FunctionName: name });
  });

  it('is a matter of whole functions', async () => {
    const message = 'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.';
    await expect(put('a:1', 1)).rejects.toMatchObject({ status: 400, message });
    await expect(hearth.call('GetFunctionConcurrency', { FunctionName: 'a:1' })).rejects.toMatchObject({ message });
    await expect(put('nope', 1)).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('nope')}` });
  });

  it('reaches every function of the account in every process', async () => {
    const inMemory = (name: string) =>
      until(async () => {
        const answer = other.resolve(name);
        if (!(answer instanceof Promise)) return answer;
        await answer;
        return undefined;
      });
    await inMemory('a');
    expect((await inMemory('b')).concurrency).toEqual({ reservedInAccount: 0 });
    await put('a', 50);
    expect((await hearth.resolve('b')).concurrency).toEqual({ reservedInAccount: 50 });
    await until(async () => ((await other.resolve('b')).concurrency?.reservedInAccount === 50 ? true : undefined));
    expect((await other.resolve('a', '1')).concurrency).toEqual({ reserved: 50, reservedInAccount: 50 });
    await inMemory('b');
    await hearth.call('DeleteFunction', { FunctionName: 'a' });
    await until(async () => ((await other.resolve('b')).concurrency?.reservedInAccount === 0 ? true : undefined));
    expect(await unreserved()).toBe(1_000);
  });
});

describe('account settings', () => {
  it('count what the account uses', async () => {
    const before = await hearth.call('GetAccountSettings');
    expect(before.AccountLimit).toEqual({ TotalCodeSize: 80_530_636_800, CodeSizeUnzipped: 262_144_000, CodeSizeZipped: 52_428_800, ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 1_000 });
    const made = await hearth.create('counted', { Publish: true });
    expect((await hearth.call('GetAccountSettings')).AccountUsage).toEqual({ FunctionCount: before.AccountUsage.FunctionCount + 1, TotalCodeSize: before.AccountUsage.TotalCodeSize + 2 * made.CodeSize });
    expect((await hearth.catalogue.operations['GetAccountSettings']!({}, { ...context, accountId: '210987654321' })).AccountUsage).toEqual({ FunctionCount: 0, TotalCodeSize: 0 });
  });
});

describe('code storage', () => {
  it('is limited for functions, versions and layers together', async () => {
    const ZipFile = await zipOf('sized');
    const { AccountUsage } = await hearth.call('GetAccountSettings');
    const tight = fixture.process({ codeStorageBytes: AccountUsage.TotalCodeSize + ZipFile.length });
    const full = { code: 'CodeStorageExceededException', status: 400, message: 'Code storage limit exceeded.' };
    await expect(tight.create('sized', { Code: { ZipFile }, Publish: true })).rejects.toMatchObject(full);
    await tight.create('sized', { Code: { ZipFile } });
    await tight.settled('sized');
    await expect(tight.call('PublishVersion', { FunctionName: 'sized' })).rejects.toMatchObject(full);
    await expect(tight.call('PublishLayerVersion', { LayerName: 'sized', Content: { ZipFile } })).rejects.toMatchObject(full);
    expect((await tight.call('UpdateFunctionCode', { FunctionName: 'sized', ZipFile })).CodeSize).toBe(ZipFile.length);
    await tight.settled('sized');
    await tight.call('DeleteFunction', { FunctionName: 'sized' });
    expect((await tight.call('PublishLayerVersion', { LayerName: 'sized', Content: { ZipFile } })).Version).toBe(1);
  });
});

describe('tags', () => {
  it('number at most 50, without keys of the platform', async () => {
    const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
    await hearth.create('tagged', { Tags: tags(50) });
    expect((await hearth.call('GetFunction', { FunctionName: 'tagged' })).Tags).toEqual(tags(50));
    await expect(hearth.call('TagResource', { Resource: arnOf('tagged'), Tags: { more: 'v' } })).rejects.toMatchObject({ code: 'InvalidParameterValueException', message: 'Number of tags exceeds resource tag limit.' });
    await expect(hearth.create('tagged2', { Tags: tags(51) })).rejects.toMatchObject({ message: 'Number of tags exceeds resource tag limit.' });
    await expect(hearth.create('tagged2', { Tags: { 'aws:x': 'v' } })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    await expect(hearth.call('TagResource', { Resource: `${arnOf('tagged')}:1`, Tags: { a: 'b' } })).rejects.toMatchObject({ message: 'Tags on function aliases and versions are not supported. Please specify a function ARN.' });
  });
});
