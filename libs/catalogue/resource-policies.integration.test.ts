import { arnOf, CatalogueFixture, until, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
let other: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process();
  other = fixture.process();
  for (const name of ['one', 'bare', 'big', 'whole', 'guarded']) {
    await hearth.create(name, { Publish: true });
    await hearth.settled(name, '1');
    await hearth.settled(name);
    await hearth.call('CreateAlias', { FunctionName: name, Name: 'live', FunctionVersion: '1' });
  }
});
afterAll(() => fixture.destroy());

const add = (name: string, more: object = {}) => hearth.call('AddPermission', { FunctionName: name, StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com', ...more });
const policyOf = async (name: string, Qualifier?: string) => JSON.parse((await hearth.call('GetPolicy', { FunctionName: name, Qualifier })).Policy);

describe('resource policies', () => {
  it.each([
    [{ Principal: 's3.amazonaws.com', SourceArn: 'arn:aws:s3:::b', SourceAccount: '123456789012' }, { Principal: { Service: 's3.amazonaws.com' }, Condition: { StringEquals: { 'AWS:SourceAccount': '123456789012' }, ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::b' } } }],
    [{ Principal: '210987654321' }, { Principal: { AWS: 'arn:aws:iam::210987654321:root' } }],
    [{ Principal: 'arn:aws:iam::210987654321:role/r' }, { Principal: { AWS: 'arn:aws:iam::210987654321:role/r' } }],
    [{ Principal: '*', PrincipalOrgID: 'o-1234567890' }, { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } } }],
    [{ Principal: 'alexa-appkit.amazon.com', EventSourceToken: 't' }, { Principal: { Service: 'alexa-appkit.amazon.com' }, Condition: { StringEquals: { 'lambda:EventSourceToken': 't' } } }],
    [
      { Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE', InvokedViaFunctionUrl: true },
      { Principal: '*', Action: 'lambda:InvokeFunctionUrl', Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' }, Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } } },
    ],
  ])('AddPermission %j makes the statement of the specification', async (input, expected) => {
    const { Statement } = await add('one', input);
    const statement = { Sid: 's', Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf('one'), ...expected };
    expect(JSON.parse(Statement)).toEqual(statement);
    expect(await policyOf('one')).toEqual({ Version: '2012-10-17', Id: 'default', Statement: [statement] });
    expect(await hearth.call('RemovePermission', { FunctionName: 'one', StatementId: 's' })).toEqual({});
    await expect(policyOf('one')).rejects.toMatchObject({ code: 'ResourceNotFoundException', message: 'The resource you requested does not exist.' });
  });

  it('belong to the function, to a version or to an alias, each with its own revision', async () => {
    await add('bare');
    await add('bare', { Qualifier: 'live' });
    await add('bare:1', { StatementId: 't' });
    expect((await policyOf('bare', 'live')).Statement[0].Resource).toBe(`${arnOf('bare')}:live`);
    expect((await policyOf('bare', '1')).Statement).toEqual([expect.objectContaining({ Sid: 't', Resource: `${arnOf('bare')}:1` })]);
    const first = await hearth.call('GetPolicy', { FunctionName: 'bare' });
    await add('bare', { StatementId: 'u', RevisionId: first.RevisionId });
    const stale = { code: 'PreconditionFailedException', status: 412, message: 'The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id' };
    await expect(add('bare', { StatementId: 'v', RevisionId: first.RevisionId })).rejects.toMatchObject(stale);
    await expect(hearth.call('RemovePermission', { FunctionName: 'bare', StatementId: 'u', RevisionId: first.RevisionId })).rejects.toMatchObject(stale);
    await expect(add('bare')).rejects.toMatchObject({ code: 'ResourceConflictException', status: 409, message: 'The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.' });
    await hearth.call('DeleteAlias', { FunctionName: 'bare', Name: 'live' });
    await hearth.call('CreateAlias', { FunctionName: 'bare', Name: 'live', FunctionVersion: '1' });
    await expect(policyOf('bare', 'live')).rejects.toMatchObject({ status: 404 });
  });

  it('are refused as the specification says', async () => {
    await expect(add('big', { Qualifier: '$LATEST' })).rejects.toMatchObject({ status: 400, message: 'We currently do not support adding policies for $LATEST.' });
    for (const Principal of ['nonsense', 'arn:aws:s3:::b', '12345']) await expect(add('big', { Principal })).rejects.toMatchObject({ status: 400, message: 'The provided principal was invalid. Please check the principal and try again.' });
    await expect(add('big', { Qualifier: 'dead' })).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('big')}:dead` });
    await expect(add('nope')).rejects.toMatchObject({ status: 404, message: `Function not found: ${arnOf('nope')}` });
    await expect(add('big', { FunctionUrlAuthType: 'NONE' })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    const remove = (StatementId: string, FunctionName = 'big') => hearth.call('RemovePermission', { FunctionName, StatementId });
    await expect(remove('s')).rejects.toMatchObject({ status: 404, message: 'No policy is associated with the given resource.' });
    await add('big');
    await expect(remove('x')).rejects.toMatchObject({ status: 404, message: 'Statement x is not found in resource policy.' });
    await expect(remove('x', 'nope')).rejects.toMatchObject({ status: 404, message: `No policy found for: ${arnOf('nope')}` });
    await expect(
      (async () => {
        for (let index = 0; index < 200; index++) await add('big', { StatementId: `filler-${index}`.padEnd(100, '-') });
      })(),
    ).rejects.toMatchObject({ code: 'PolicyLengthExceededException', status: 400 });
    expect(JSON.stringify(await policyOf('big')).length).toBeLessThanOrEqual(20_480);
  });

  it('of concurrent calls are all kept', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, index) => add('whole', { StatementId: `c${index}` })));
    expect((await policyOf('whole')).Statement).toHaveLength(10);
  });

  it('can be written, read and deleted as a whole', async () => {
    const ResourceArn = arnOf('whole');
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: { AWS: ['arn:aws:iam::210987654321:root'] }, Action: ['lambda:InvokeFunction'], Resource: ResourceArn }] });
    const written = await hearth.call('PutResourcePolicy', { ResourceArn, Policy });
    expect(written).toEqual({ Policy, RevisionId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(await hearth.call('GetResourcePolicy', { ResourceArn })).toEqual(written);
    expect(await policyOf('whole')).toEqual(JSON.parse(Policy));
    await expect(hearth.call('PutResourcePolicy', { ResourceArn, Policy, RevisionId: '11111111-1111-4111-8111-111111111111' })).rejects.toMatchObject({ status: 412 });
    for (const broken of ['x', '[]', '{}', '{"Version":"2012-10-17","Statement":[]}', Policy.replace('Deny', 'Maybe'), Policy.replace('"Resource"', '"Ressource"')]) {
      await expect(hearth.call('PutResourcePolicy', { ResourceArn, Policy: broken })).rejects.toMatchObject({ code: 'InvalidParameterValueException', message: expect.stringMatching(/^The resource policy is malformed: /) });
    }
    await expect(hearth.call('PutResourcePolicy', { ResourceArn: `${ResourceArn}:dead`, Policy })).rejects.toMatchObject({ status: 404 });
    expect(await hearth.call('DeleteResourcePolicy', { ResourceArn, RevisionId: written.RevisionId })).toEqual({});
    await expect(hearth.call('DeleteResourcePolicy', { ResourceArn })).rejects.toMatchObject({ status: 404, message: 'No policy is associated with the given resource.' });
    await expect(hearth.call('GetResourcePolicy', { ResourceArn })).rejects.toMatchObject({ status: 404 });
  });

  it('reach the guard of every process from memory, and changes at once', async () => {
    const arn = arnOf('guarded');
    await add('guarded');
    const inMemory = (process: Process) =>
      until(async () => {
        const policy = process.catalogue.functionPolicy(arn);
        if (!(policy instanceof Promise)) return { policy };
        await policy;
        return undefined;
      });
    const { policy } = await inMemory(other);
    expect(JSON.parse(policy!.document).Statement).toHaveLength(1);
    expect(other.catalogue.functionPolicy(arn)).toBe(policy);
    expect(await other.catalogue.functionPolicy(`${arn}:live`)).toBeUndefined();
    expect((await other.catalogue.functionPolicy(`${arn}:$LATEST`))?.document).toBe(policy!.document);
    expect(await other.catalogue.functionPolicy(arnOf('nope'))).toBeUndefined();
    await inMemory(hearth);
    await hearth.call('RemovePermission', { FunctionName: 'guarded', StatementId: 's' });
    expect(await hearth.catalogue.functionPolicy(arn)).toBeUndefined();
    await until(async () => ((await other.catalogue.functionPolicy(arn)) === undefined ? true : undefined));
  });
});
