import { hash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import {
  AddPermissionCommand,
  CreateCodeSigningConfigCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { AttachUserPolicyCommand, CreatePolicyCommand, CreateRoleCommand, CreateUserCommand, IAMClient, PutRolePolicyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand } from '@aws-sdk/client-cloudwatch-logs';
import { encodeRequest, validInput } from '@hearth/aws-wire';
import { accountRootArn, createAccount, type AccessKey } from '@hearth/iam';
import { SignatureV4 } from '@smithy/signature-v4';
import { implementedOperations, servedTables } from './compatibility.js';
import { ACCOUNT, endpointFixture, type EndpointFixture } from './testing/endpoint-fixture.js';
import { zipOf } from './testing/in-process-platform.js';

/*
 * Every operation of every service against every kind of caller, over HTTP, signed as clients sign (issue: the matrix, 0 leaks). Inputs are the
 * smallest that the models allow, and name things of ACCOUNT by ARN wherever they can.
 */

const OTHER_ACCOUNT = '999999999999';
/** In the name of whatever ACCOUNT has: in no answer to somebody who may not see it. */
const CANARY = 'canary';
const QUEUE_ARN = `arn:aws:sqs:us-east-1:${ACCOUNT}:${CANARY}`;
const LOG_GROUP_ARN = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${CANARY}`;
const FUNCTION_ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${CANARY}`;

type Credentials = Pick<AccessKey, 'accessKeyId' | 'secretAccessKey'> & { sessionToken?: string };
interface Answer {
  status: number;
  code: string;
  body: string;
}

let hearth: EndpointFixture;
let iam: IAMClient;
let lambda: LambdaClient;
const callers: Record<string, Credentials | undefined> = {};

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const ALLOW = { Effect: 'Allow', Action: '*', Resource: '*' };
const TRUST = policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });

async function session(role: string, statements: object[], expiresAt = Date.now() + 3_600_000): Promise<Credentials> {
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: role, AssumeRolePolicyDocument: TRUST }));
  if (statements.length > 0) await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: 'p', PolicyDocument: policy(...statements) }));
  const sessionToken = randomBytes(96).toString('base64');
  const { accessKeyId, secretAccessKey } = await hearth.keyStore.create({
    accountId: ACCOUNT,
    principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/s`,
    identityId: Role!.RoleId,
    temporary: { tokenDigest: hash('sha256', sessionToken, 'buffer'), expiresAt: new Date(expiresAt), session: { kind: 'assumed-role', sessionName: 's' } },
  });
  return { accessKeyId, secretAccessKey, sessionToken };
}

beforeAll(async () => {
  hearth = await endpointFixture();
  const options = { endpoint: hearth.endpoint, region: 'us-east-1', credentials: hearth.key, maxAttempts: 1 };
  iam = new IAMClient(options);
  lambda = new LambdaClient(options);
  callers['no key'] = undefined;
  callers['unknown key'] = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x'.repeat(40) };
  callers['wrong secret'] = { accessKeyId: hearth.key.accessKeyId, secretAccessKey: 'x'.repeat(40) };
  const switchedOff = await hearth.keyStore.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) });
  await hearth.keyStore.setActive(switchedOff.accessKeyId, false);
  callers['inactive key'] = switchedOff;
  callers['session without its token'] = { ...(await session('tokenless', [ALLOW])), sessionToken: undefined };
  callers['session with the token of another'] = { ...(await session('swapped', [ALLOW])), sessionToken: (await session('swapped-with', [ALLOW])).sessionToken };
  callers['expired session'] = await session('expired', [ALLOW], Date.now() - 1_000);
  callers['role without policies'] = await session('bare', []);
  callers['role without the action'] = await session('without', [{ ...ALLOW, Action: 'none:None' }]);
  callers['role with a deny'] = await session('denied', [ALLOW, { ...ALLOW, Effect: 'Deny' }]);
  callers['role with another resource'] = await session('elsewhere', [{ ...ALLOW, Resource: 'arn:aws:lambda:us-east-1:*:function:of-nobody' }]);
  callers.valid = await session('valid', [ALLOW]);

  await createAccount(hearth.database, hearth.keyStore, { accountId: OTHER_ACCOUNT, name: 'other' });
  const otherRoot = await hearth.keyStore.create({ accountId: OTHER_ACCOUNT, principalArn: accountRootArn(OTHER_ACCOUNT) });
  const otherIam = new IAMClient({ ...options, credentials: otherRoot });
  const { User } = await otherIam.send(new CreateUserCommand({ UserName: 'admin' }));
  await otherIam.send(new PutUserPolicyCommand({ UserName: 'admin', PolicyName: 'p', PolicyDocument: policy(ALLOW) }));
  otherIam.destroy();
  callers['root of another account'] = otherRoot;
  callers['administrator of another account'] = await hearth.keyStore.create({ accountId: OTHER_ACCOUNT, principalArn: User!.Arn!, identityId: User!.UserId });

  await iam.send(new CreateRoleCommand({ RoleName: CANARY, AssumeRolePolicyDocument: TRUST }));
  await iam.send(new CreateUserCommand({ UserName: CANARY }));
  const ZipFile = await zipOf({ 'index.js': 'exports.handler = async () => 1;' });
  await lambda.send(new CreateFunctionCommand({ FunctionName: CANARY, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: `arn:aws:iam::${ACCOUNT}:role/${CANARY}`, Code: { ZipFile } }));
  await lambda.send(new PublishLayerVersionCommand({ LayerName: CANARY, Content: { ZipFile } }));
  const { CodeSigningConfig } = await lambda.send(new CreateCodeSigningConfigCommand({ Description: CANARY, AllowedPublishers: { SigningProfileVersionArns: [`arn:aws:signer:us-east-1:${ACCOUNT}:/signing-profiles/p/abcdefghij`] } }));
  const { UUID } = await lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: QUEUE_ARN, FunctionName: CANARY }));
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: CANARY, PolicyDocument: policy(ALLOW) }));
  Object.assign(real, { UUID, CodeSigningConfigArn: CodeSigningConfig!.CodeSigningConfigArn, PolicyArn: Policy!.Arn });
  const logs = new CloudWatchLogsClient(options);
  await logs.send(new CreateLogGroupCommand({ logGroupName: CANARY }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: CANARY, logStreamName: CANARY }));
  logs.destroy();
  // A permission that was taken back must not linger.
  await lambda.send(new AddPermissionCommand({ FunctionName: CANARY, StatementId: 's', Action: 'lambda:InvokeFunction', Principal: OTHER_ACCOUNT }));
  await lambda.send(new RemovePermissionCommand({ FunctionName: CANARY, StatementId: 's' }));
}, 60_000);
afterAll(async () => {
  iam?.destroy();
  lambda?.destroy();
  await hearth?.close();
});

interface Call {
  service: string;
  /** Of the query protocol. */
  query: boolean;
  operation: string;
  served: boolean;
  /** It names something of ACCOUNT by its ARN: for callers of other accounts, too. */
  foreign: boolean;
  request: { method: string; path: string; query: Record<string, string[]>; headers: Record<string, string>; body: string };
}

/** What members name here: things that are there, by ARN where that is possible. */
const real: Record<string, unknown> = {
  FunctionName: FUNCTION_ARN,
  InvokeArgs: Buffer.from('{}'),
  Resource: FUNCTION_ARN,
  ResourceArn: FUNCTION_ARN,
  LayerName: `arn:aws:lambda:us-east-1:${ACCOUNT}:layer:${CANARY}`,
  Arn: `arn:aws:lambda:us-east-1:${ACCOUNT}:layer:${CANARY}:1`,
  VersionNumber: 1,
  EventSourceArn: QUEUE_ARN,
  RoleArn: `arn:aws:iam::${ACCOUNT}:role/${CANARY}`,
  logGroupName: CANARY,
  logStreamName: CANARY,
  logGroupIdentifier: LOG_GROUP_ARN,
  resourceArn: LOG_GROUP_ARN,
};
/** They make something of the caller's own, or look for it among that. */
const IN_OWN_ACCOUNT = /^(CreateCodeSigningConfig|(Delete|Get|Update)EventSourceMapping|(Attach|Detach)(User|Group|Role)Policy)$/;

async function calls(): Promise<Call[]> {
  return (await servedTables()).flatMap((table) => {
    const { service } = table;
    const implemented = implementedOperations(table);
    return service.operationNames.map((operation): Call => {
      const input = mine(validInput(service.model, operation)) as Record<string, unknown>;
      for (const member of Object.keys(input)) input[member] = real[member] ?? input[member];
      if (operation === 'CreateFunction') input.FunctionName = `${FUNCTION_ARN}-new`;
      if (operation === 'CreateEventSourceMapping') input.EventSourceArn = QUEUE_ARN;
      const encoded = encodeRequest(service.model, operation, input)!;
      return {
        service: service.name,
        query: service.model.metadata.protocol === 'query',
        operation,
        served: implemented.has(operation),
        foreign: !IN_OWN_ACCOUNT.test(operation) && JSON.stringify(input).includes(`:${ACCOUNT}:`),
        request: { method: encoded.method, path: encoded.rawPath, query: Object.fromEntries([...encoded.query].map(([name, values]) => [name, [values].flat()])), headers: encoded.headers as Record<string, string>, body: encoded.method === 'GET' ? '' : encoded.body.toString() },
      };
    });
  });
}

/** The models' examples belong to an account that is not there. */
function mine(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('000000000000', ACCOUNT);
  if (Array.isArray(value)) return value.map(mine);
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !(value instanceof Date)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mine(item)]));
  return value;
}

async function send({ service, request }: Call, credentials: Credentials | undefined): Promise<Answer> {
  const { host, hostname, port } = new URL(hearth.endpoint);
  const plain = { ...request, protocol: 'http:', hostname, headers: { host, ...request.headers } };
  const signed = credentials === undefined ? plain : await new SignatureV4({ service, region: 'us-east-1', sha256: Sha256, credentials }).sign(plain);
  const query = Object.entries(request.query).flatMap(([name, values]) => values.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)).join('&');
  return new Promise((resolve, reject) => {
    const headers = { ...signed.headers, 'content-length': String(Buffer.byteLength(request.body)) };
    const outgoing = httpRequest({ hostname, port, method: request.method, path: query === '' ? request.path : `${request.path}?${query}`, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString())).on('end', () => {
        const code = (response.headers['x-amzn-errortype'] as string | undefined) ?? /<Code>([^<]+)<\/Code>|"__type":"([^"]+)"/.exec(body)?.slice(1).find(Boolean) ?? '';
        resolve({ status: response.statusCode!, code, body });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}

const REFUSED: Record<string, { json: string; query: string }> = {
  // Without a signature nothing says which service is meant.
  'no key': { json: 'MissingAuthenticationTokenException', query: 'MissingAuthenticationTokenException' },
  'unknown key': { json: 'UnrecognizedClientException', query: 'InvalidClientTokenId' },
  'wrong secret': { json: 'InvalidSignatureException', query: 'SignatureDoesNotMatch' },
  'inactive key': { json: 'UnrecognizedClientException', query: 'InvalidClientTokenId' },
  'session without its token': { json: 'UnrecognizedClientException', query: 'InvalidClientTokenId' },
  'session with the token of another': { json: 'UnrecognizedClientException', query: 'InvalidClientTokenId' },
  'expired session': { json: 'ExpiredTokenException', query: 'ExpiredToken' },
};
const DENIED = ['role without policies', 'role without the action', 'role with a deny', 'role with another resource'];
const STRANGERS = ['root of another account', 'administrator of another account'];
/** Needs no permission at AWS either; it tells a caller only who he is. */
const FREE = new Set(['sts:GetCallerIdentity']);
/** They decide by themselves: by the trust policy of a role, and by the kind of caller. */
const DECIDE_THEMSELVES = new Set(['sts:AssumeRole', 'sts:GetSessionToken']);
const nameOf = ({ service, operation }: Call) => `${service}:${operation}`;
/** Services of the query protocol have codes of their own for what the front refuses. */
const codeOf = ({ query }: Call, codes: { json: string; query: string }) => (query ? codes.query : codes.json);
const denial = (call: Call) => codeOf(call, { json: 'AccessDeniedException', query: 'AccessDenied' });
const unknown = (call: Call) => codeOf(call, { json: 'NotImplementedException', query: 'NotImplemented' });

/** Rows of ACCOUNT, without those of others that only name something of it. */
async function everything(): Promise<string> {
  const { rows: tables } = await hearth.database.pool.query<{ name: string }>("SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await hearth.database.pool.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t WHERE t::text LIKE '%${ACCOUNT}%' AND t::text NOT LIKE '%${OTHER_ACCOUNT}%' ORDER BY 1`);
      return [name, ...rows.map(({ text }) => text)].join('\n');
    }),
  );
  return dumps.join('\n');
}

describe('every operation', () => {
  let all: Call[];
  beforeAll(async () => {
    all = await calls();
  });
  const wrong: string[] = [];
  const expectAnswer = (call: Call, caller: string, { status, code, body }: Answer, expected: string[]): void => {
    const seen = `${status} ${code}`;
    if (!expected.includes(seen) || body.includes(CANARY + '"')) wrong.push(`${nameOf(call)} for ${caller}: ${seen}, not ${expected.join(' or ')}: ${body.slice(0, 200)}`);
  };
  beforeEach(() => void (wrong.length = 0));

  it('is among those tried', () => {
    expect(all.filter(({ served }) => served).length).toBeGreaterThan(150);
    expect(all.filter(({ foreign }) => foreign).length).toBeGreaterThan(60);
  });

  it('is refused to whoever cannot prove who he is', async () => {
    const before = await everything();
    for (const call of all) {
      for (const [caller, codes] of Object.entries(REFUSED)) {
        expectAnswer(call, caller, await send(call, callers[caller]), [`403 ${codeOf(call, codes)}`]);
      }
    }
    expect(wrong).toEqual([]);
    expect(await everything()).toBe(before);
  }, 240_000);

  it('is denied to roles whose policies do not allow it', async () => {
    const before = await everything();
    for (const call of all) {
      for (const caller of DENIED) {
        const answer = await send(call, callers[caller]);
        if (FREE.has(nameOf(call))) expect(answer.status).toBe(200);
        else expectAnswer(call, caller, answer, call.served ? [`403 ${denial(call)}`] : [`501 ${unknown(call)}`]);
      }
    }
    expect(wrong).toEqual([]);
    expect(await everything()).toBe(before);
  }, 240_000);

  it('shows and changes nothing of an account for callers of another', async () => {
    const before = await everything();
    for (const call of all.filter(({ served }) => served)) {
      for (const caller of STRANGERS) {
        const answer = await send(call, callers[caller]);
        if (call.foreign) expectAnswer(call, caller, answer, [`403 ${denial(call)}`]);
        // What goes by names alone concerns the caller's own account.
        else if (answer.body.includes(CANARY)) wrong.push(`${nameOf(call)} for ${caller} shows: ${answer.body.slice(0, 300)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await everything()).toBe(before);
  }, 240_000);

  it("lends nobody another account's policy", async () => {
    const other = new IAMClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials: callers['root of another account'], maxAttempts: 1 });
    await expect(other.send(new AttachUserPolicyCommand({ UserName: 'admin', PolicyArn: real.PolicyArn as string }))).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    other.destroy();
  });

  it('gets past the guard for a role that is allowed everything', async () => {
    const refusals = new Set([...Object.values(REFUSED).flatMap(({ json, query }) => [json, query]), 'AccessDeniedException', 'AccessDenied']);
    for (const call of all.filter(({ served }) => served)) {
      const { status, code, body } = await send(call, callers.valid);
      if (!DECIDE_THEMSELVES.has(nameOf(call)) && (refusals.has(code) || status >= 500)) wrong.push(`${nameOf(call)}: ${status} ${code} ${body.slice(0, 300)}`);
    }
    expect(wrong).toEqual([]);
    expect(hearth.errors).toEqual([]);
  }, 120_000);
});
