import type { Fulfilment } from './index.js';
import { arnOf, CatalogueFixture, until, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
let other: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process();
  other = fixture.process();
  for (const name of ['f', 'g']) {
    await hearth.create(name, { Publish: true });
    await hearth.settled(name, '1');
    for (const Description of ['two', 'three']) {
      await hearth.call('UpdateFunctionConfiguration', { FunctionName: name, Description });
      await hearth.settled(name);
      await hearth.call('PublishVersion', { FunctionName: name });
    }
    await hearth.call('CreateAlias', { FunctionName: name, Name: 'live', FunctionVersion: '1' });
  }
});
afterAll(() => fixture.destroy());
afterEach(async () => {
  for (const name of ['f', 'g']) {
    for (const Qualifier of ['1', '2', 'live']) await remove(name, Qualifier);
    await hearth.call('DeleteFunctionConcurrency', { FunctionName: name });
    await hearth.call('UpdateAlias', { FunctionName: name, Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: {} } });
  }
});

const put = (FunctionName: string, Qualifier: string, ProvisionedConcurrentExecutions: number) => hearth.call('PutProvisionedConcurrencyConfig', { FunctionName, Qualifier, ProvisionedConcurrentExecutions });
const get = (FunctionName: string, Qualifier: string) => hearth.call('GetProvisionedConcurrencyConfig', { FunctionName, Qualifier });
const remove = (FunctionName: string, Qualifier: string) => hearth.call('DeleteProvisionedConcurrencyConfig', { FunctionName, Qualifier });
const config = async (qualifier: string) => (await hearth.catalogue.provisioned.list()).find((one) => one.functionName === 'f' && one.qualifier === qualifier)!;
const note = async (qualifier: string, fulfilment: Partial<Fulfilment>) => hearth.catalogue.provisioned.note(await config(qualifier), { status: 'IN_PROGRESS', statusReason: null, allocated: 0, available: 0, ...fulfilment });
const invalid = (message: string) => ({ code: 'InvalidParameterValueException', status: 400, message });

describe('a provisioned concurrency config', () => {
  it('is put, read, listed and deleted', async () => {
    const order = await put('f', '1', 5);
    expect(order).toEqual({
      RequestedProvisionedConcurrentExecutions: 5,
      AvailableProvisionedConcurrentExecutions: 0,
      AllocatedProvisionedConcurrentExecutions: 0,
      Status: 'IN_PROGRESS',
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/),
    });
    expect(await get('f', '1')).toEqual(order);
    await note('1', { status: 'FAILED', statusReason: 'FUNCTION_ERROR_INIT_FAILURE', allocated: 2, available: 1 });
    expect(await get('f', '1')).toMatchObject({ Status: 'FAILED', StatusReason: 'FUNCTION_ERROR_INIT_FAILURE', AllocatedProvisionedConcurrentExecutions: 2, AvailableProvisionedConcurrentExecutions: 1 });
    await put('f', '2', 1);
    const first = await hearth.call('ListProvisionedConcurrencyConfigs', { FunctionName: 'f', MaxItems: 1 });
    expect(first.ProvisionedConcurrencyConfigs).toEqual([{ FunctionArn: `${arnOf('f')}:1`, ...(await get('f', '1')) }]);
    const second = await hearth.call('ListProvisionedConcurrencyConfigs', { FunctionName: 'f', Marker: first.NextMarker });
    expect(second).toEqual({ ProvisionedConcurrencyConfigs: [{ FunctionArn: `${arnOf('f')}:2`, ...(await get('f', '2')) }] });
    expect(await remove('f', '1')).toEqual({});
    expect(await remove('f', '1')).toEqual({});
    await expect(get('f', '1')).rejects.toMatchObject({ code: 'ProvisionedConcurrencyConfigNotFoundException', status: 404, message: 'No Provisioned Concurrency Config found for this function' });
  });

  it('keeps what it has while another number is made, and forgets the failure of the former', async () => {
    await put('f', '1', 2);
    await note('1', { status: 'READY', allocated: 2, available: 2 });
    const former = await config('1');
    expect(await put('f', '1', 3)).toMatchObject({ Status: 'IN_PROGRESS', RequestedProvisionedConcurrentExecutions: 3, AvailableProvisionedConcurrentExecutions: 2 });
    expect(await hearth.catalogue.provisioned.note(former, { status: 'READY', statusReason: null, allocated: 2, available: 2 })).toBe(false);
    expect((await get('f', '1')).Status).toBe('IN_PROGRESS');
  });

  it('is for published versions and aliases that exist', async () => {
    await expect(put('f', '$LATEST', 1)).rejects.toMatchObject(invalid('Provisioned Concurrency Configs cannot be applied to unpublished function versions.'));
    await expect(get('f', '$LATEST')).rejects.toMatchObject(invalid('The function resource provided must be an alias or a published version.'));
    await expect(put('f', '9', 1)).rejects.toMatchObject({ code: 'ResourceNotFoundException', message: `Function not found: ${arnOf('f')}:9` });
    await expect(put('nope', '1', 1)).rejects.toMatchObject({ status: 404 });
    await expect(get('f', 'nope')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await expect(remove('nope', '1')).rejects.toMatchObject({ status: 404 });
    await hearth.call('CreateAlias', { FunctionName: 'f', Name: 'newest', FunctionVersion: '$LATEST' });
    await expect(put('f', 'newest', 1)).rejects.toMatchObject({ status: 400 });
    await hearth.call('DeleteAlias', { FunctionName: 'f', Name: 'newest' });
  });

  it('is for the alias or its version, not for both', async () => {
    await put('f', 'live', 1);
    await expect(put('f', '1', 1)).rejects.toMatchObject({ code: 'ResourceConflictException', status: 409, message: 'Version is pointed by a Provisioned Concurrency alias' });
    await put('f', '2', 1);
    const message = "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version";
    await expect(hearth.call('UpdateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '2' })).rejects.toMatchObject({ status: 409, message });
    await remove('f', 'live');
    await hearth.call('UpdateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '2' });
    await expect(put('f', 'live', 1)).rejects.toMatchObject({ status: 409, message });
  });

  it('goes with its alias and its version', async () => {
    await hearth.call('CreateAlias', { FunctionName: 'f', Name: 'short', FunctionVersion: '3' });
    await put('f', 'short', 1);
    await hearth.call('DeleteAlias', { FunctionName: 'f', Name: 'short' });
    expect((await hearth.call('ListProvisionedConcurrencyConfigs', { FunctionName: 'f' })).ProvisionedConcurrencyConfigs).toEqual([]);
    await put('f', '3', 1);
    expect((await other.resolve('g')).concurrency).toEqual({ reservedInAccount: 1 });
    await hearth.call('DeleteFunction', { FunctionName: 'f', Qualifier: '3' });
    expect(await hearth.catalogue.provisioned.list()).toEqual([]);
    await until(async () => ((await other.resolve('g')).concurrency?.reservedInAccount === 0 ? true : undefined));
  });
});

describe('limits', () => {
  it('of the account: 100 stay for the functions without a reservation', async () => {
    await expect(put('f', '1', 1_001)).rejects.toMatchObject(invalid("Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000]."));
    const below = invalid("Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].");
    await expect(put('f', '1', 901)).rejects.toMatchObject(below);
    await put('f', '1', 600);
    await expect(put('g', '1', 301)).rejects.toMatchObject(below);
    await expect(put('f', '2', 301)).rejects.toMatchObject(below);
    await put('g', '1', 300);
    await put('f', '1', 500);
    await expect(hearth.call('PutFunctionConcurrency', { FunctionName: 'g', ReservedConcurrentExecutions: 401 })).rejects.toMatchObject({
      message: "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
    await hearth.call('PutFunctionConcurrency', { FunctionName: 'g', ReservedConcurrentExecutions: 400 });
  });

  it('of the function: its reservation', async () => {
    await hearth.call('PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 10 });
    await put('f', '1', 6);
    await expect(put('f', '2', 5)).rejects.toMatchObject(invalid('Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function'));
    await put('f', '2', 4);
    await expect(hearth.call('PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 9 })).rejects.toMatchObject(
      invalid(" ReservedConcurrentExecutions  9 should not be lower than function's total provisioned concurrency [10]."),
    );
  });

  it('cannot be passed through calls at the same time', async () => {
    const results = await Promise.allSettled([put('f', '1', 450), put('g', '1', 450), put('f', '2', 450), put('g', '2', 450)]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });

  it('reach every process', async () => {
    expect((await other.resolve('g')).concurrency).toEqual({ reservedInAccount: 0 });
    await put('f', 'live', 50);
    await until(async () => ((await other.resolve('g')).concurrency?.reservedInAccount === 50 ? true : undefined));
    expect((await other.resolve('f', 'live')).concurrency).toEqual({ reservedInAccount: 50, provisioned: { qualifier: 'live', requested: 50 } });
    expect((await other.resolve('f', '1')).concurrency).toEqual({ reservedInAccount: 50 });
    await hearth.call('PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 60 });
    expect((await hearth.resolve('g')).concurrency).toEqual({ reservedInAccount: 60 });
  });
});

describe('an alias that is moved', () => {
  it('goes on where it was until the new sandboxes are ready', async () => {
    await put('f', 'live', 4);
    await note('live', { status: 'READY', allocated: 4, available: 4 });
    await hearth.call('UpdateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '2' });
    expect(await config('live')).toMatchObject({ status: 'IN_PROGRESS', wanted: [{ version: '2', count: 4 }], serving: [{ version: '1', count: 4 }] });
    expect((await hearth.resolve('f', 'live')).version).toBe('1');
    expect((await hearth.call('GetAlias', { FunctionName: 'f', Name: 'live' })).FunctionVersion).toBe('2');
    await note('live', { status: 'READY', allocated: 4, available: 4 });
    expect(await config('live')).toMatchObject({ status: 'READY', serving: [] });
    expect((await hearth.resolve('f', 'live')).version).toBe('2');
    await until(async () => ((await other.resolve('f', 'live')).version === '2' ? true : undefined));
  });

  it('goes on at once when nothing was ready, or the new ones fail', async () => {
    await put('f', 'live', 4);
    await hearth.call('UpdateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '2' });
    expect((await hearth.resolve('f', 'live')).version).toBe('2');
    await note('live', { status: 'READY', allocated: 4, available: 4 });
    await hearth.call('UpdateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' });
    expect((await hearth.resolve('f', 'live')).version).toBe('2');
    await note('live', { status: 'FAILED', statusReason: 'FUNCTION_ERROR_INIT_FAILURE' });
    expect((await hearth.resolve('f', 'live')).version).toBe('1');
  });

  it('shares its sandboxes out by weight', async () => {
    await put('f', 'live', 10);
    await hearth.call('UpdateAlias', { FunctionName: 'f', Name: 'live', RoutingConfig: { AdditionalVersionWeights: { 2: 0.25 } } });
    expect((await config('live')).wanted).toEqual([{ version: '1', count: 7 }, { version: '2', count: 3 }]);
  });

  it('is nowhere else when only its description changes', async () => {
    await put('f', 'live', 1);
    await note('live', { status: 'READY', allocated: 1, available: 1 });
    await hearth.call('UpdateAlias', { FunctionName: 'f', Name: 'live', Description: 'x' });
    expect((await get('f', 'live')).Status).toBe('READY');
  });
});
