import { ServiceError } from '@hearth/kernel';
import { PreparationFailure } from './preparations.js';
import { arnOf, CatalogueFixture, ROLE, zipOf, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process();
});
afterAll(() => fixture.destroy());
afterEach(() => fixture.gate.open());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const failing = (code: string, status: number, message?: string) => expect.objectContaining({ code, status, ...(message === undefined ? {} : { message }) });

describe('CreateFunction', () => {
  it('answers Pending with all defaults, becomes Active with another revision', async () => {
    fixture.gate.close();
    const made = await hearth.create('defaults');
    expect(made).toEqual({
      FunctionName: 'defaults',
      FunctionArn: arnOf('defaults'),
      Runtime: 'nodejs22.x',
      Role: ROLE,
      Handler: 'index.handler',
      CodeSize: (await zipOf('one')).length,
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
      CodeSha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
      ConfigSha256: expect.any(String),
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      RevisionId: expect.stringMatching(UUID),
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/defaults' },
    });
    expect(await hearth.call('GetFunctionConfiguration', { FunctionName: 'defaults' })).toEqual(made);
    await expect(hearth.call('PublishVersion', { FunctionName: 'defaults' })).rejects.toEqual(
      failing('ResourceConflictException', 409, 'The operation cannot be performed at this time. The function is currently in the following state: Pending'),
    );
    fixture.gate.open();
    const active = await hearth.settled('defaults');
    const { StateReason: _r, StateReasonCode: _c, ...rest } = made;
    expect(active).toEqual({ ...rest, State: 'Active', LastUpdateStatus: 'Successful', RevisionId: expect.stringMatching(UUID) });
    expect(active.RevisionId).not.toBe(made.RevisionId);
  });

  it('publishes version 1 under the unqualified ARN when asked', async () => {
    const made = await hearth.create('published', { Publish: true });
    expect(made).toMatchObject({ Version: '1', FunctionArn: arnOf('published'), State: 'Pending' });
    expect(await hearth.settled('published', '1')).toMatchObject({ State: 'Active', FunctionArn: `${arnOf('published')}:1` });
    expect((await hearth.settled('published')).Version).toBe('$LATEST');
  });

  it('refuses a taken name, and bad code without a trace', async () => {
    await hearth.create('taken');
    await expect(hearth.create('taken')).rejects.toEqual(failing('ResourceConflictException', 409, 'Function already exist: taken'));
    await expect(hearth.create('broken', { Code: { ZipFile: Buffer.from('no zip') } })).rejects.toEqual(
      failing('InvalidParameterValueException', 400, 'Could not unzip uploaded file. Please check your file, then try to upload again.'),
    );
    await expect(hearth.call('GetFunction', { FunctionName: 'broken' })).rejects.toEqual(failing('ResourceNotFoundException', 404, `Function not found: ${arnOf('broken')}`));
  });

  it('becomes Failed when the preparation finds the version at fault', async () => {
    
    const strict = fixture.process({ prepare: () => Promise.reject(new ServiceError('InvalidZipFileException', 502, 'bad package')) });
    await strict.create('faulty');
    expect(await strict.settled('faulty')).toMatchObject({ State: 'Failed', StateReasonCode: 'InvalidZipFileException', StateReason: 'bad package' });
    await expect(hearth.call('PublishVersion', { FunctionName: 'faulty' })).rejects.toEqual(failing('ResourceConflictException', 409));
    // An update repairs it.
    await hearth.call('UpdateFunctionCode', { FunctionName: 'faulty', ZipFile: await zipOf('good') });
    expect(await hearth.settled('faulty')).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
  });

  it('becomes Failed with the code of what cannot be had', async () => {
    const strict = fixture.process({ prepare: () => Promise.reject(new PreparationFailure('InvalidRuntime', 'no image')) });
    await strict.create('without-image');
    expect(await strict.settled('without-image')).toMatchObject({ State: 'Failed', StateReasonCode: 'InvalidRuntime', StateReason: 'no image' });
  });
});

describe('GetFunction', () => {
  it('gives configuration, a link to the code and the tags', async () => {
    await hearth.create('tagged', { Tags: { team: 'a' } });
    const found = await hearth.call('GetFunction', { FunctionName: `${arnOf('tagged')}:$LATEST` });
    expect(found).toMatchObject({ Code: { RepositoryType: 'S3', Location: 'http://127.0.0.1:4510/code/tagged/$LATEST' }, Tags: { team: 'a' }, Configuration: { FunctionArn: `${arnOf('tagged')}:$LATEST` } });
    await hearth.call('TagResource', { Resource: arnOf('tagged'), Tags: { stage: 'test' } });
    await hearth.call('UntagResource', { Resource: arnOf('tagged'), TagKeys: ['team'] });
    expect(await hearth.call('ListTags', { Resource: arnOf('tagged') })).toEqual({ Tags: { stage: 'test' } });
    await expect(hearth.call('ListTags', { Resource: `${arnOf('tagged')}:1` })).rejects.toEqual(
      failing('InvalidParameterValueException', 400, 'Tags on function aliases and versions are not supported. Please specify a function ARN.'),
    );
    await hearth.call('UntagResource', { Resource: arnOf('tagged'), TagKeys: ['stage'] });
    expect(await hearth.call('GetFunction', { FunctionName: 'tagged' })).not.toHaveProperty('Tags');
  });

  it('names the qualifier it did not find', async () => {
    await hearth.create('unversioned');
    await expect(hearth.call('GetFunction', { FunctionName: 'unversioned', Qualifier: '9' })).rejects.toEqual(failing('ResourceNotFoundException', 404, `Function not found: ${arnOf('unversioned')}:9`));
  });
});

describe('updates', () => {
  it('go through InProgress, refuse a second write, and serve the old revision meanwhile', async () => {
    await hearth.create('moving', { Environment: { Variables: { A: '1', PATH: '/x' } } });
    const before = await hearth.settled('moving');
    const oldServed = await hearth.resolve('moving');
    fixture.gate.close();
    const updated = await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'moving', MemorySize: 256, Environment: { Variables: { A: '2' } } });
    expect(updated).toMatchObject({ State: 'Active', LastUpdateStatus: 'InProgress', LastUpdateStatusReason: 'The function is being created.', LastUpdateStatusReasonCode: 'Creating', MemorySize: 256, Environment: { Variables: { A: '2' } } });
    expect(updated.RevisionId).not.toBe(before.RevisionId);
    const busy = failing('ResourceConflictException', 409, `The operation cannot be performed at this time. An update is in progress for resource: ${arnOf('moving')}`);
    await expect(hearth.call('UpdateFunctionConfiguration', { FunctionName: 'moving', Timeout: 9 })).rejects.toEqual(busy);
    await expect(hearth.call('UpdateFunctionCode', { FunctionName: 'moving', ZipFile: await zipOf('two') })).rejects.toEqual(busy);
    await expect(hearth.call('PublishVersion', { FunctionName: 'moving' })).rejects.toEqual(busy);
    expect(await hearth.resolve('moving')).toEqual(oldServed);
    fixture.gate.open();
    const after = await hearth.settled('moving');
    expect(after).toMatchObject({ LastUpdateStatus: 'Successful', MemorySize: 256, Timeout: 3 });
    expect(new Set([before.RevisionId, updated.RevisionId, after.RevisionId]).size).toBe(3);
    const served = await hearth.resolve('moving');
    expect(served).toMatchObject({ memoryMb: 256, environment: { A: '2' } });
    expect(served.revisionId).not.toBe(oldServed.revisionId);
  });

  it('of the configuration keep what is absent and replace objects as a whole', async () => {
    await hearth.create('partial', { Description: 'd', Timeout: 10, LoggingConfig: { LogFormat: 'JSON', LogGroup: '/mine' } });
    await hearth.settled('partial');
    await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'partial', LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' }, TracingConfig: { Mode: 'Active' } });
    expect(await hearth.settled('partial')).toMatchObject({
      Description: 'd',
      Timeout: 10,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN', LogGroup: '/aws/lambda/partial' },
    });
    expect(await hearth.settled('partial')).not.toHaveProperty('Environment');
    await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'partial', Environment: { Variables: {} }, Description: '' });
    expect(await hearth.settled('partial')).toMatchObject({ Environment: { Variables: {} }, Description: '' });
  });

  it('refuse a stale RevisionId and change nothing', async () => {
    await hearth.create('guarded');
    const before = await hearth.settled('guarded');
    const stale = failing('PreconditionFailedException', 412, 'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id');
    const RevisionId = '00000000-0000-4000-8000-000000000000';
    await expect(hearth.call('UpdateFunctionCode', { FunctionName: 'guarded', ZipFile: await zipOf('two'), RevisionId })).rejects.toEqual(stale);
    await expect(hearth.call('UpdateFunctionConfiguration', { FunctionName: 'guarded', Timeout: 9, RevisionId })).rejects.toEqual(stale);
    await expect(hearth.call('PublishVersion', { FunctionName: 'guarded', RevisionId })).rejects.toEqual(stale);
    expect(await hearth.settled('guarded')).toEqual(before);
    await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'guarded', Timeout: 9, RevisionId: before.RevisionId });
    expect(await hearth.settled('guarded')).toMatchObject({ Timeout: 9 });
  });

  it('of the code with DryRun show what would be and change nothing', async () => {
    await hearth.create('dry');
    const before = await hearth.settled('dry');
    const shown = await hearth.call('UpdateFunctionCode', { FunctionName: 'dry', ZipFile: await zipOf('two'), DryRun: true });
    expect(shown).toEqual({ ...before, CodeSha256: expect.any(String), CodeSize: (await zipOf('two')).length });
    expect(shown.CodeSha256).not.toBe(before.CodeSha256);
    expect(await hearth.settled('dry')).toEqual(before);
  });

  it('of the code can publish what they bring', async () => {
    await hearth.create('shipping');
    await hearth.settled('shipping');
    const answer = await hearth.call('UpdateFunctionCode', { FunctionName: 'shipping', ZipFile: await zipOf('two'), Publish: true });
    expect(answer).toMatchObject({ Version: '1', FunctionArn: `${arnOf('shipping')}:1` });
    const published = await hearth.settled('shipping', '1');
    expect(published).toMatchObject({ State: 'Active', CodeSha256: answer.CodeSha256 });
    expect((await hearth.settled('shipping')).CodeSha256).toBe(answer.CodeSha256);
  });

  it('that fail leave the old revision serving', async () => {
    await hearth.create('clinging');
    await hearth.settled('clinging');
    const before = await hearth.resolve('clinging');
    
    const strict = fixture.process({ prepare: () => Promise.reject(new ServiceError('InvalidZipFileException', 502, 'bad package')) });
    await strict.call('UpdateFunctionCode', { FunctionName: 'clinging', ZipFile: await zipOf('bad') });
    expect(await strict.settled('clinging')).toMatchObject({ State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReasonCode: 'InvalidZipFileException' });
    expect((await strict.resolve('clinging')).codeDigest).toBe(before.codeDigest);
    await hearth.call('UpdateFunctionCode', { FunctionName: 'clinging', ZipFile: await zipOf('good again') });
    await hearth.settled('clinging');
    expect((await hearth.resolve('clinging')).codeDigest).not.toBe(before.codeDigest);
  });
});

describe('versions', () => {
  it('are published once per change, guarded by CodeSha256, and immutable', async () => {
    await hearth.create('versions', { Description: 'first' });
    const latest = await hearth.settled('versions');
    const one = await hearth.call('PublishVersion', { FunctionName: 'versions', Description: 'mine', CodeSha256: latest.CodeSha256 });
    expect(one).toMatchObject({ Version: '1', FunctionArn: `${arnOf('versions')}:1`, Description: 'mine', State: 'Active', LastUpdateStatus: 'Successful' });
    expect((await hearth.settled('versions')).RevisionId).not.toBe(latest.RevisionId);
    expect(await hearth.call('PublishVersion', { FunctionName: 'versions', Description: 'again' })).toEqual(one);
    await expect(hearth.call('PublishVersion', { FunctionName: 'versions', CodeSha256: 'X' })).rejects.toEqual(
      failing('InvalidParameterValueException', 400, `CodeSHA256 (X) is different from current CodeSHA256 in $LATEST (${latest.CodeSha256}). Please try again with the CodeSHA256 in $LATEST.`),
    );
    await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'versions', Timeout: 30 });
    await hearth.settled('versions');
    expect(await hearth.call('PublishVersion', { FunctionName: 'versions' })).toMatchObject({ Version: '2', Timeout: 30, Description: 'first' });
    expect(await hearth.settled('versions', '1')).toEqual(one);

    const list = await hearth.call('ListVersionsByFunction', { FunctionName: 'versions' });
    expect(list.Versions.map((version: any) => version.FunctionArn)).toEqual(['$LATEST', '1', '2'].map((version) => `${arnOf('versions')}:${version}`));
    for (const version of list.Versions) for (const member of ['State', 'LastUpdateStatus', 'StateReason']) expect(version).not.toHaveProperty(member);
  });

  it('are deleted one by one, and their numbers never given again', async () => {
    await hearth.create('pruned', { Publish: true });
    await hearth.settled('pruned', '1');
    await hearth.settled('pruned');
    await expect(hearth.call('DeleteFunction', { FunctionName: 'pruned', Qualifier: '$LATEST' })).rejects.toEqual(
      failing('InvalidParameterValueException', 400, '$LATEST version cannot be deleted without deleting the function.'),
    );
    expect(await hearth.call('DeleteFunction', { FunctionName: 'pruned:1' })).toEqual({ StatusCode: 204 });
    await expect(hearth.call('GetFunction', { FunctionName: 'pruned:1' })).rejects.toEqual(failing('ResourceNotFoundException', 404));
    expect((await hearth.call('PublishVersion', { FunctionName: 'pruned' })).Version).toBe('2');
    expect(await hearth.call('DeleteFunction', { FunctionName: 'pruned' })).toEqual({ StatusCode: 204 });
    await expect(hearth.call('GetFunction', { FunctionName: 'pruned:2' })).rejects.toEqual(failing('ResourceNotFoundException', 404));
    await expect(hearth.call('DeleteFunction', { FunctionName: 'pruned' })).rejects.toEqual(failing('ResourceNotFoundException', 404));
  });
});

describe('secrets', () => {
  it('never stand readable in the database, and other functions cannot open them', async () => {
    await hearth.create('secretive', { Environment: { Variables: { TOKEN: 'canary-7f3a' } } });
    const { rows } = await hearth.database.pool.query("SELECT string_agg(v::text, '') AS text, string_agg(encode(sealed_environment, 'escape'), '') AS sealed FROM function_versions v");
    expect(rows[0].text + rows[0].sealed).not.toContain('canary-7f3a');
    await hearth.create('thief', { Environment: { Variables: { A: 'a' } } });
    await hearth.settled('thief'); // Or the end of the creation would overwrite the row that the thief manipulates.
    await hearth.database.pool.query(
      `UPDATE function_versions SET sealed_environment = (SELECT sealed_environment FROM function_versions v JOIN functions f ON f.id = v.function_id WHERE f.name = 'secretive')
       WHERE function_id = (SELECT id FROM functions WHERE name = 'thief')`,
    );
    await expect(hearth.call('GetFunctionConfiguration', { FunctionName: 'thief' })).rejects.toThrow();
    await hearth.call('DeleteFunction', { FunctionName: 'thief' });
  });
});
