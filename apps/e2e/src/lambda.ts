import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type CreateFunctionCommandInput,
  type InvokeCommandInput,
} from '@aws-sdk/client-lambda';
import type { Platform } from './platform.js';
import { zip } from './zip.js';

export const ROLE = 'arn:aws:iam::000000000000:role/service-role/e2e';
const WAIT = { maxWaitTime: 60, minDelay: 1, maxDelay: 1 };

/** The unmodified AWS SDK, pointed at the platform. */
export function lambdaClient(platform: Platform, options: { maxAttempts?: number } = {}): LambdaClient {
  return new LambdaClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: platform.credentials, maxAttempts: options.maxAttempts ?? 1 });
}

/** Deploys and waits until the function can be invoked. */
export async function deploy(
  client: LambdaClient,
  name: string,
  code: Buffer | string,
  options: Partial<Omit<CreateFunctionCommandInput, 'FunctionName' | 'Code'>> = {},
): Promise<void> {
  const archive = typeof code === 'string' ? await zip({ 'index.js': code }) : code;
  await client.send(
    new CreateFunctionCommand({ FunctionName: name, Role: ROLE, Runtime: 'nodejs22.x', Handler: 'index.handler', Timeout: 10, ...options, Code: { ZipFile: archive } }),
  );
  await waitUntilFunctionActiveV2({ client, ...WAIT }, { FunctionName: name });
}

export async function untilUpdated(client: LambdaClient, name: string): Promise<void> {
  await waitUntilFunctionUpdatedV2({ client, ...WAIT }, { FunctionName: name });
}

export interface Answer {
  status: number;
  functionError: string | undefined;
  version: string | undefined;
  /** The body as text. */
  text: string;
  /** Decoded log tail. */
  log: string;
  requestId: string;
}

export async function invoke(client: LambdaClient, name: string, event: unknown = {}, options: Partial<InvokeCommandInput> = {}): Promise<Answer> {
  const answer = await client.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)), ...options }));
  return {
    status: answer.StatusCode as number,
    functionError: answer.FunctionError,
    version: answer.ExecutedVersion,
    text: Buffer.from(answer.Payload ?? []).toString('utf8'),
    log: Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8'),
    requestId: answer.$metadata.requestId as string,
  };
}

/** Name, status and text of what a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    const seen = error as { name: string; message: string; $metadata?: { httpStatusCode?: number } };
    return { name: seen.name, status: seen.$metadata?.httpStatusCode, message: seen.message };
  }
  throw new Error('The call was not refused');
}
