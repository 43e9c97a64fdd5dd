import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateRoleCommand, CreateUserCommand, DeleteUserCommand, GetUserCommand, IAMClient, ListRolesCommand, SimulateCustomPolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ServiceError } from '@hearth/kernel';
import type { AwsService } from '../aws-service.js';
import { parseQuery, splitTarget } from '../rest-json/request-target.js';
import { iamService, stsService } from '../services.js';

/** The SDK's own clients against the protocol alone: what they send is what is read, what is answered is what they return. */
describe('the query protocol', () => {
  let server: Server;
  let service: AwsService;
  let respond: (operation: string, input: Record<string, unknown>) => Record<string, unknown>;
  let iam: IAMClient;
  let sts: STSClient;
  const seen: { operation: string; input: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const answer = handle({ ...splitTarget(request.url ?? '/'), method: request.method ?? '', headers: request.headers, body: Buffer.concat(chunks) });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    function handle({ rawQuery, ...rest }: { rawPath: string; rawQuery: string; method: string; headers: Record<string, string | string[] | undefined>; body: Buffer }) {
      try {
        const call = service.call({ ...rest, query: parseQuery(rawQuery) ?? new Map() });
        const input = call.input();
        seen.push({ operation: call.operation, input });
        return service.answer(call.operation, respond(call.operation, input), 'request-1');
      } catch (error) {
        return service.failure(error, 'request-1');
      }
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const options = { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 };
    iam = new IAMClient(options);
    sts = new STSClient(options);
  });
  beforeEach(() => {
    seen.length = 0;
    service = iamService();
    respond = () => ({});
  });
  afterAll(() => {
    iam.destroy();
    sts.destroy();
    server.close();
  });

  it('reads lists of structures, and writes structures with timestamps', async () => {
    const created = new Date('2026-01-02T03:04:05Z');
    respond = (_operation, input) => ({ User: { Path: '/', UserName: input['UserName'], UserId: 'AIDA00000000000000000', Arn: 'arn:aws:iam::000000000000:user/a', CreateDate: created } });
    const tags = [{ Key: 'team', Value: 'a + b=ä@c' }, { Key: 'empty', Value: '' }];
    const { User, $metadata } = await iam.send(new CreateUserCommand({ UserName: 'a', Tags: tags }));
    expect(seen).toEqual([{ operation: 'CreateUser', input: { UserName: 'a', Tags: tags } }]);
    expect(User).toEqual({ Path: '/', UserName: 'a', UserId: 'AIDA00000000000000000', Arn: 'arn:aws:iam::000000000000:user/a', CreateDate: created });
    expect($metadata.requestId).toBe('request-1');
  });

  it('writes lists, booleans and text that XML must escape', async () => {
    const description = 'a < b & c > "d" \'e\' \r\n\tä';
    const role = { Path: '/', RoleName: 'r', RoleId: 'AROA00000000000000000', Arn: 'arn:aws:iam::000000000000:role/r', CreateDate: new Date(0), Description: description };
    respond = () => ({ Roles: [role, role], IsTruncated: false });
    const answer = await iam.send(new ListRolesCommand({ MaxItems: 2 }));
    expect(seen[0]?.input).toEqual({ MaxItems: 2 });
    expect(answer.IsTruncated).toBe(false);
    expect(answer.Roles).toEqual([role, role]);
  });

  it('keeps the order of more than nine list items, and of nested lists', async () => {
    const actions = Array.from({ length: 12 }, (_, index) => `s3:Action${index}`);
    const entries = [{ ContextKeyName: 'aws:username', ContextKeyValues: ['x', 'y'], ContextKeyType: 'stringList' as const }];
    respond = () => ({ EvaluationResults: [], IsTruncated: false });
    await iam.send(new SimulateCustomPolicyCommand({ PolicyInputList: ['{}'], ActionNames: actions, ContextEntries: entries }));
    expect(seen[0]?.input).toEqual({ PolicyInputList: ['{}'], ActionNames: actions, ContextEntries: entries });
  });

  it('answers operations without output', async () => {
    await expect(iam.send(new DeleteUserCommand({ UserName: 'a' }))).resolves.toBeDefined();
  });

  it('tells errors in a form of which clients make exceptions', async () => {
    respond = () => {
      throw new ServiceError('NoSuchEntity', 404, 'The user with name a cannot be found.');
    };
    await expect(iam.send(new GetUserCommand({ UserName: 'a' }))).rejects.toMatchObject({ name: 'NoSuchEntityException', message: 'The user with name a cannot be found.', $metadata: { httpStatusCode: 404, requestId: 'request-1' } });
    respond = () => {
      throw new Error('the database password is hunter2');
    };
    const failure = await iam.send(new GetUserCommand({ UserName: 'a' })).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
    expect(String(failure)).not.toContain('hunter2');
  });

  it('refuses input that breaks the model with ValidationError', async () => {
    await expect(iam.send(new CreateRoleCommand({ RoleName: 'not/allowed', AssumeRolePolicyDocument: '' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/^\d validation errors detected: Value 'not\/allowed' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: /),
    });
    expect(seen).toHaveLength(0);
  });

  it.each([
    ['no action', '', 'MissingAction'],
    ['an unknown action', 'Action=Nope&Version=2010-05-08', 'InvalidAction'],
    ['another version', 'Action=ListUsers&Version=1999-01-01', 'InvalidAction'],
    ['a prototype property', 'Action=constructor', 'InvalidAction'],
    ['broken percent-encoding', 'Action=ListUsers&PathPrefix=%zz', 'MalformedQueryString'],
    ['a number that is none', 'Action=ListUsers&MaxItems=many', 'MalformedInput'],
    ['endless nesting', `Action=ListUsers&${'a.'.repeat(40)}b=1`, 'MalformedQueryString'],
    ['endless parameters', `Action=ListUsers&${'a=1&'.repeat(30_000)}`, 'MalformedQueryString'],
  ])('refuses %s', (_what, body, code) => {
    const failing = () => service.call({ method: 'POST', rawPath: '/', query: new Map(), headers: {}, body: Buffer.from(body) }).input();
    expect(failing).toThrow(expect.objectContaining({ code, status: 400 }));
  });

  it('renames what the front of Hearth refuses', () => {
    const answer = Buffer.from(service.failure(new ServiceError('InvalidSignatureException', 403, 'a < b'), 'r').body).toString();
    expect(answer).toBe(
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>a &lt; b</Message></Error><RequestId>r</RequestId></ErrorResponse>',
    );
  });

  it('speaks for STS as well', async () => {
    service = stsService();
    const credentials = { AccessKeyId: 'ASIAAAAAAAAAAAAAAAAA', SecretAccessKey: 's', SessionToken: 't', Expiration: new Date('2026-01-01T00:00:00Z') };
    respond = () => ({ Credentials: credentials, AssumedRoleUser: { AssumedRoleId: 'AROA:s', Arn: 'arn:aws:sts::000000000000:assumed-role/r/s' }, PackedPolicySize: 6 });
    const input = { RoleArn: 'arn:aws:iam::000000000000:role/r', RoleSessionName: 'session', DurationSeconds: 900, TransitiveTagKeys: ['a', 'b'], Tags: [{ Key: 'a', Value: '1' }] };
    const answer = await sts.send(new AssumeRoleCommand(input));
    expect(seen).toEqual([{ operation: 'AssumeRole', input }]);
    expect(answer).toMatchObject({ Credentials: credentials, PackedPolicySize: 6 });
  });
});
