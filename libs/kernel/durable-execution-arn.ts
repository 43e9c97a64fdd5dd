import { parseArn } from './arn.js';

/** What the ARN of a durable execution says (spec/lambda-api.md 1.1, DARN). */
export interface DurableExecutionReference {
  region: string;
  accountId: string;
  functionName: string;
  /** `$LATEST` or digits: the version that all of its invocations run. */
  version: string;
  /** Chosen by who started it. */
  name: string;
  /** Chosen by Lambda. */
  id: string;
}

const RESOURCE = /^function:([a-zA-Z0-9_-]+):(\$LATEST|[0-9]+)\/durable-execution\/([a-zA-Z0-9_-]+)\/([a-zA-Z0-9_-]+)$/;

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION/durable-execution/EXECUTION/ID` */
export function durableExecutionArn({ region, accountId, functionName, version, name, id }: DurableExecutionReference): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${functionName}:${version}/durable-execution/${name}/${id}`;
}

export function parseDurableExecutionArn(text: string): DurableExecutionReference | undefined {
  const arn = parseArn(text);
  const parts = arn?.service === 'lambda' ? RESOURCE.exec(arn.resource) : null;
  if (arn === undefined || parts === null) return undefined;
  const [, functionName, version, name, id] = parts as unknown as [string, string, string, string, string];
  return { region: arn.region, accountId: arn.accountId, functionName, version, name, id };
}

/**
 * Names a callback to the world outside. It carries the execution's ARN, so that a call can be authorised before anything is read.
 * Base64 of what ARNs consist of has neither `/` nor `+`: it can stand in a path as it is.
 */
export function durableCallbackId(executionArn: string, operationId: string): string {
  return Buffer.from(`${executionArn}#${operationId}`).toString('base64');
}

/** @returns undefined for text that is no callback id of ours */
export function parseDurableCallbackId(callbackId: string): { executionArn: string; execution: DurableExecutionReference; operationId: string } | undefined {
  const [executionArn = '', operationId = '', ...more] = Buffer.from(callbackId, 'base64').toString('utf8').split('#');
  const execution = parseDurableExecutionArn(executionArn);
  if (execution === undefined || more.length > 0 || !/^[a-zA-Z0-9_-]{1,64}$/.test(operationId)) return undefined;
  return { executionArn, execution, operationId };
}
