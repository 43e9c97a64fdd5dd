import { arnOf, CatalogueFixture, zipOf, type Process } from '../testing/catalogue-fixture.js';

const PROFILE = 'arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/abcdefghij';
const publishers = { AllowedPublishers: { SigningProfileVersionArns: [PROFILE] } };
const NO_CONFIG = 'arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-aaaaaaaaaaaaaaaaa';

describe('code signing', () => {
  let fixture: CatalogueFixture;
  let process: Process;
  const warnings: unknown[] = [];

  beforeAll(async () => {
    fixture = await CatalogueFixture.create();
    process = fixture.process({ onUnsignedCode: (facts) => warnings.push(facts) });
  });
  beforeEach(() => warnings.splice(0));
  afterAll(() => fixture.destroy());

  const config = async (policy?: 'Warn' | 'Enforce'): Promise<string> =>
    (await process.call('CreateCodeSigningConfig', { ...publishers, ...(policy && { CodeSigningPolicies: { UntrustedArtifactOnDeployment: policy } }) })).CodeSigningConfig.CodeSigningConfigArn;

  it('configurations are created, read, changed and deleted', async () => {
    const { CodeSigningConfig: made } = await process.call('CreateCodeSigningConfig', { ...publishers, Description: 'mine' });
    expect(made).toEqual({
      CodeSigningConfigId: expect.stringMatching(/^csc-[a-z0-9]{17}$/),
      CodeSigningConfigArn: `arn:aws:lambda:us-east-1:123456789012:code-signing-config:${made.CodeSigningConfigId}`,
      Description: 'mine',
      AllowedPublishers: { SigningProfileVersionArns: [PROFILE] },
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
    });
    const named = { CodeSigningConfigArn: made.CodeSigningConfigArn };
    expect(await process.call('GetCodeSigningConfig', named)).toEqual({ CodeSigningConfig: made });
    const { CodeSigningConfig: changed } = await process.call('UpdateCodeSigningConfig', { ...named, CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' } });
    expect(changed).toMatchObject({ Description: 'mine', CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' } });
    expect(await process.call('DeleteCodeSigningConfig', named)).toEqual({});
    for (const operation of ['GetCodeSigningConfig', 'UpdateCodeSigningConfig', 'DeleteCodeSigningConfig', 'ListFunctionsByCodeSigningConfig']) {
      await expect(process.call(operation, named)).rejects.toMatchObject({ code: 'ResourceNotFoundException', status: 404, message: 'The Lambda code signing configuration ARN can not be found.' });
    }
    const foreign = { CodeSigningConfigArn: NO_CONFIG.replace('123456789012', '999999999999') };
    await expect(process.call('GetCodeSigningConfig', foreign)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  it('lists page through everything once', async () => {
    const made = new Set<string>();
    for (let count = 0; count < 3; count++) made.add(await config());
    const seen: string[] = [];
    let marker: string | undefined;
    do {
      const page = await process.call('ListCodeSigningConfigs', { MaxItems: 2, Marker: marker });
      seen.push(...page.CodeSigningConfigs.map((each: { CodeSigningConfigArn: string }) => each.CodeSigningConfigArn));
      marker = page.NextMarker;
    } while (marker);
    expect(new Set(seen).size).toBe(seen.length);
    expect([...made].every((arn) => seen.includes(arn))).toBe(true);
  });

  it('a function gets one, tells it, and is found by it; it cannot be deleted meanwhile', async () => {
    const CodeSigningConfigArn = await config();
    await process.create('tied');
    expect(await process.call('GetFunctionCodeSigningConfig', { FunctionName: 'tied' })).toEqual({});
    expect(await process.call('PutFunctionCodeSigningConfig', { FunctionName: arnOf('tied'), CodeSigningConfigArn })).toEqual({ CodeSigningConfigArn, FunctionName: 'tied' });
    expect(await process.call('GetFunctionCodeSigningConfig', { FunctionName: 'tied' })).toEqual({ CodeSigningConfigArn, FunctionName: 'tied' });
    expect(await process.call('ListFunctionsByCodeSigningConfig', { CodeSigningConfigArn })).toEqual({ FunctionArns: [arnOf('tied')] });
    await expect(process.call('DeleteCodeSigningConfig', { CodeSigningConfigArn })).rejects.toMatchObject({ code: 'ResourceConflictException', status: 409 });
    expect(await process.call('DeleteFunctionCodeSigningConfig', { FunctionName: 'tied' })).toEqual({});
    expect(await process.call('DeleteFunctionCodeSigningConfig', { FunctionName: 'tied' })).toEqual({});
    expect(await process.call('DeleteCodeSigningConfig', { CodeSigningConfigArn })).toEqual({});
    const gone = { code: 'CodeSigningConfigNotFoundException', status: 404, message: `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${CodeSigningConfigArn}.` };
    await expect(process.call('PutFunctionCodeSigningConfig', { FunctionName: 'tied', CodeSigningConfigArn })).rejects.toMatchObject(gone);
    await expect(process.create('untied', { CodeSigningConfigArn })).rejects.toMatchObject(gone);
    await expect(process.call('PutFunctionCodeSigningConfig', { FunctionName: 'no-function', CodeSigningConfigArn })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  it('Enforce refuses unsigned code, at creation and at updates', async () => {
    const CodeSigningConfigArn = await config('Enforce');
    const refused = { code: 'CodeVerificationFailedException', status: 400 };
    await expect(process.create('strict', { CodeSigningConfigArn })).rejects.toMatchObject(refused);
    await expect(process.call('GetFunction', { FunctionName: 'strict' })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await process.create('strict');
    await process.settled('strict');
    await process.call('PutFunctionCodeSigningConfig', { FunctionName: 'strict', CodeSigningConfigArn });
    const before = await process.call('GetFunctionConfiguration', { FunctionName: 'strict' });
    await expect(process.call('UpdateFunctionCode', { FunctionName: 'strict', ZipFile: await zipOf('two') })).rejects.toMatchObject(refused);
    expect(await process.call('GetFunctionConfiguration', { FunctionName: 'strict' })).toEqual(before);
    expect(warnings).toEqual([]);
  });

  it('Warn tells the operator and goes on', async () => {
    const CodeSigningConfigArn = await config('Warn');
    await process.create('lenient', { CodeSigningConfigArn });
    await process.settled('lenient');
    await process.call('UpdateFunctionCode', { FunctionName: 'lenient', ZipFile: await zipOf('two') });
    expect(warnings).toEqual(Array(2).fill({ functionArn: arnOf('lenient'), codeSigningConfigArn: CodeSigningConfigArn }));
    expect(await process.call('GetFunctionCodeSigningConfig', { FunctionName: 'lenient' })).toEqual({ CodeSigningConfigArn, FunctionName: 'lenient' });
    await process.call('DeleteFunction', { FunctionName: 'lenient' });
    expect(await process.call('ListFunctionsByCodeSigningConfig', { CodeSigningConfigArn })).toEqual({ FunctionArns: [] });
  });
});
