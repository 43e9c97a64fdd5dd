import { arnOf, CatalogueFixture, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process();
  await hearth.create('f', { Publish: true });
  await hearth.settled('f', '1');
  await hearth.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' });
});
afterAll(() => fixture.destroy());

const DestinationConfig = { OnSuccess: {}, OnFailure: {} };
const call = (operation: string, more: object = {}) => hearth.call(operation, { FunctionName: 'f', ...more });

describe('event invoke configs', () => {
  it('are replaced by Put and merged by Update, for each qualifier apart', async () => {
    const LastModified = expect.any(Date);
    expect(await call('PutFunctionEventInvokeConfig', { MaximumRetryAttempts: 1 })).toEqual({ LastModified, FunctionArn: `${arnOf('f')}:$LATEST`, MaximumRetryAttempts: 1, DestinationConfig });
    expect(await call('UpdateFunctionEventInvokeConfig', { MaximumEventAgeInSeconds: 60 })).toMatchObject({ MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 });
    expect((await hearth.resolve('f')).asynchronous).toEqual({ maximumRetryAttempts: 1, maximumEventAgeSeconds: 60 });
    expect((await hearth.resolve('f', 'live')).asynchronous).toEqual({});
    expect(await call('PutFunctionEventInvokeConfig', { MaximumEventAgeInSeconds: 70 })).toEqual({ LastModified, FunctionArn: `${arnOf('f')}:$LATEST`, MaximumEventAgeInSeconds: 70, DestinationConfig });
    expect(await call('PutFunctionEventInvokeConfig', { Qualifier: 'live', MaximumRetryAttempts: 0 })).toMatchObject({ FunctionArn: `${arnOf('f')}:live` });
    expect((await hearth.resolve('f', 'live')).asynchronous).toEqual({ maximumRetryAttempts: 0 });
    expect(await call('GetFunctionEventInvokeConfig', { FunctionName: 'f:live' })).toMatchObject({ MaximumRetryAttempts: 0 });
    await call('PutFunctionEventInvokeConfig', { Qualifier: '1', DestinationConfig });
    const first = await call('ListFunctionEventInvokeConfigs', { MaxItems: 2 });
    const second = await call('ListFunctionEventInvokeConfigs', { MaxItems: 2, Marker: first.NextMarker });
    expect([...first.FunctionEventInvokeConfigs, ...second.FunctionEventInvokeConfigs].map(({ FunctionArn }: any) => FunctionArn).sort()).toEqual([`${arnOf('f')}:$LATEST`, `${arnOf('f')}:1`, `${arnOf('f')}:live`]);
    expect(second.NextMarker).toBeUndefined();
    expect(await call('DeleteFunctionEventInvokeConfig')).toEqual({});
    await expect(call('DeleteFunctionEventInvokeConfig')).rejects.toMatchObject({ status: 404, message: `The function ${arnOf('f')}:$LATEST doesn't have an EventInvokeConfig` });
  });

  it('are refused as the specification says', async () => {
    await expect(call('PutFunctionEventInvokeConfig')).rejects.toMatchObject({ status: 400, message: 'You must specify at least one of error handling or destination setting.' });
    await expect(call('PutFunctionEventInvokeConfig', { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:123456789012:q' } } })).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'DestinationConfig.OnFailure.Destination is not supported by this deployment.',
    });
    for (const more of [{ FunctionName: 'nope' }, { Qualifier: 'dead' }]) {
      for (const operation of ['PutFunctionEventInvokeConfig', 'GetFunctionEventInvokeConfig', 'DeleteFunctionEventInvokeConfig']) {
        await expect(call(operation, { ...more, MaximumRetryAttempts: 1 })).rejects.toMatchObject({ code: 'ResourceNotFoundException', message: "The function doesn't exist." });
      }
    }
    await expect(call('UpdateFunctionEventInvokeConfig', { MaximumRetryAttempts: 1 })).rejects.toMatchObject({ status: 404, message: `The function ${arnOf('f')}:$LATEST doesn't have an EventInvokeConfig` });
  });
});
