/**
 * Smoke test of any Hearth, whatever it is made of: only the public API, endpoint and credentials as the AWS tools take them
 * (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE). Prints a line per step; status 1 at the first that fails.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteRoleCommand, DetachRolePolicyCommand, IAMClient, ListAttachedRolePoliciesCommand } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ResourceNotFoundException,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import yazl from 'yazl';
import { executionRole } from './execution-role.js';

const HANDLED_DEADLINE_MS = 60_000;
const MAX_LOOKS = 10;
const WAIT_S = 120;

/**
 * Remembers the events it saw, so that a later call can tell whether an asynchronous one arrived. Asks Hearth who it is, signed by hand with what
 * it finds in its environment: it has no package but itself.
 */
const CODE = `
import { createHash, createHmac } from 'node:crypto';
const seen = [];
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
async function whoAmI() {
  const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const date = new Date().toISOString().replace(/[-:]|\\.\\d+/g, '');
  const scope = date.slice(0, 8) + '/' + AWS_REGION + '/sts/aws4_request';
  const headers = { host: new URL(AWS_ENDPOINT_URL).host, 'x-amz-date': date, 'x-amz-security-token': AWS_SESSION_TOKEN };
  const names = Object.keys(headers).join(';');
  const canonical = ['POST', '/', '', ...Object.entries(headers).map((entry) => entry.join(':')), '', names, sha256(body)].join('\\n');
  const key = scope.split('/').reduce((former, part) => hmac(former, part), 'AWS4' + AWS_SECRET_ACCESS_KEY);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\\n')).toString('hex');
  const authorization = 'AWS4-HMAC-SHA256 Credential=' + AWS_ACCESS_KEY_ID + '/' + scope + ', SignedHeaders=' + names + ', Signature=' + signature;
  const { host, ...sent } = headers;
  const response = await fetch(AWS_ENDPOINT_URL, { method: 'POST', body, headers: { ...sent, authorization, 'content-type': 'application/x-www-form-urlencoded' } });
  const text = await response.text();
  return /<Arn>(.*)<[/]Arn>/.exec(text)?.[1] ?? response.status + ' ' + text;
}
export const handler = async (event) => {
  if (event.fail) throw new TypeError(event.fail);
  if (event.remember) seen.push(event.remember);
  if (event.whoAmI) return { identity: await whoAmI() };
  if (event.lookMs) await new Promise((resolve) => setTimeout(resolve, event.lookMs));
  console.log('smoke ' + JSON.stringify(event));
  return { seen, echo: event.echo };
};
`;

async function zip(name: string, text: string): Promise<Buffer> {
  const archive = new yazl.ZipFile();
  archive.addBuffer(Buffer.from(text), name);
  archive.end();
  const chunks: Buffer[] = [];
  for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const client = new LambdaClient({});
const iam = new IAMClient({});
const FunctionName = `smoke-${randomUUID().slice(0, 8)}`;

async function invoke(event: object): Promise<{ error?: string; body: { seen?: string[]; echo?: string; identity?: string; errorMessage?: string; errorType?: string }; log: string }> {
  const answer = await client.send(new InvokeCommand({ FunctionName, LogType: 'Tail', Payload: JSON.stringify(event) }));
  return {
    error: answer.FunctionError,
    body: JSON.parse(answer.Payload!.transformToString()) as { seen?: string[] },
    log: Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8'),
  };
}

async function step(name: string, work: () => Promise<void>): Promise<void> {
  const begin = performance.now();
  await work();
  console.log(`ok  ${name} (${(performance.now() - begin).toFixed(0)} ms)`);
}

try {
  await step('create', async () => {
    await client.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: await executionRole(iam, FunctionName),
        Code: { ZipFile: await zip('index.mjs', CODE) },
        Timeout: 20,
      }),
    );
    await waitUntilFunctionActiveV2({ client, maxWaitTime: WAIT_S, minDelay: 1, maxDelay: 2 }, { FunctionName });
  });
  await step('invoke and wait, with its log', async () => {
    const { error, body, log } = await invoke({ echo: 'grüße 🔥' });
    assert.equal(error, undefined);
    assert.equal(body.echo, 'grüße 🔥');
    assert.match(log, /smoke \{"echo"/);
    assert.match(log, /REPORT RequestId/);
  });
  await step('invoke asynchronously, and see that it was handled', async () => {
    const token = randomUUID();
    const accepted = await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify({ remember: token }) }));
    assert.equal(accepted.StatusCode, 202);
    const deadline = Date.now() + HANDLED_DEADLINE_MS;
    for (let count = 1; ; count = Math.min(count + 1, MAX_LOOKS)) {
      // If the event ran beside our looks it had a sandbox of its own: one look more reaches that one as well.
      const looks = await Promise.all(Array.from({ length: count }, () => invoke({ lookMs: 200 })));
      if (looks.some(({ body }) => body.seen?.includes(token))) break;
      assert.ok(Date.now() < deadline, 'the event was accepted but not handled');
      await delay(100);
    }
  });
  await step('the function calls Hearth with the credentials of its role', async () => {
    const { body } = await invoke({ whoAmI: true });
    assert.match(body.identity ?? '', new RegExp(`^arn:aws:sts::\\d{12}:assumed-role/${FunctionName}/${FunctionName}$`));
  });
  await step('an error of the function is its own', async () => {
    const { error, body } = await invoke({ fail: 'on purpose' });
    assert.equal(error, 'Unhandled');
    assert.equal(body.errorType, 'TypeError');
    assert.equal(body.errorMessage, 'on purpose');
  });
  await step('a wrong signature is refused', async () => {
    const stranger = new LambdaClient({ credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wrong' } });
    await assert.rejects(stranger.send(new GetFunctionCommand({ FunctionName })), (error: { $metadata: { httpStatusCode?: number } }) => error.$metadata.httpStatusCode === 403);
  });
  await step('delete', async () => {
    await client.send(new DeleteFunctionCommand({ FunctionName }));
    await assert.rejects(client.send(new GetFunctionCommand({ FunctionName })), ResourceNotFoundException);
    const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: FunctionName }));
    for (const { PolicyArn } of AttachedPolicies ?? []) await iam.send(new DetachRolePolicyCommand({ RoleName: FunctionName, PolicyArn }));
    await iam.send(new DeleteRoleCommand({ RoleName: FunctionName }));
  });
} catch (error) {
  console.error('FAILED', error);
  process.exitCode = 1;
  await client.send(new DeleteFunctionCommand({ FunctionName })).catch(() => undefined); // Never created, or unreachable: the failure above says more.
}
