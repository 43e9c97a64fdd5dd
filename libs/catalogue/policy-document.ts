import { functionArn } from '@hearth/kernel';
import { invalidParameter, policyTooLong } from './errors.js';
import type { FunctionReference } from './parse-function-name.js';

/** Limit of a resource policy (spec/lambda-api.md 4.5). */
const MAX_POLICY_BYTES = 20_480;

export interface PolicyStatement {
  Sid?: string;
  [member: string]: unknown;
}

export interface PolicyDocument {
  Version: string;
  Id?: string;
  Statement: PolicyStatement[];
}

/** Members of AddPermission that make the statement. */
export interface PermissionInput {
  StatementId: string;
  Action: string;
  Principal: string;
  SourceArn?: string;
  SourceAccount?: string;
  EventSourceToken?: string;
  FunctionUrlAuthType?: string;
  InvokedViaFunctionUrl?: boolean;
  PrincipalOrgID?: string;
}

const ACCOUNT = /^\d{12}$/;
const PRINCIPAL_ARN = /^arn:aws[a-zA-Z-]*:(iam::\d{12}:(root|(user|role)\/\S+)|sts::\d{12}:(assumed-role|federated-user)\/\S+)$/;
const SERVICE = /^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$/;

/** @throws ServiceError InvalidParameterValueException when there is no such kind of principal */
export function policyPrincipal(principal: string): string | Record<string, string> {
  if (principal === '*') return '*';
  if (ACCOUNT.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (PRINCIPAL_ARN.test(principal)) return { AWS: principal };
  if (SERVICE.test(principal)) return { Service: principal };
  throw invalidParameter('The provided principal was invalid. Please check the principal and try again.');
}

/**
 * The statement AddPermission makes (spec/lambda-api.md 4.5).
 * @throws ServiceError InvalidParameterValueException
 */
export function permissionStatement(input: PermissionInput, resource: string): PolicyStatement {
  if (input.FunctionUrlAuthType !== undefined && input.Action !== 'lambda:InvokeFunctionUrl') {
    throw invalidParameter('FunctionUrlAuthType is only supported for the action lambda:InvokeFunctionUrl.');
  }
  const equals = {
    ...(input.SourceAccount === undefined ? {} : { 'AWS:SourceAccount': input.SourceAccount }),
    ...(input.FunctionUrlAuthType === undefined ? {} : { 'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType }),
    ...(input.EventSourceToken === undefined ? {} : { 'lambda:EventSourceToken': input.EventSourceToken }),
    ...(input.PrincipalOrgID === undefined ? {} : { 'aws:PrincipalOrgID': input.PrincipalOrgID }),
  };
  const condition = {
    ...(Object.keys(equals).length === 0 ? {} : { StringEquals: equals }),
    ...(input.InvokedViaFunctionUrl ? { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } } : {}),
    ...(input.SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
  };
  return {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: policyPrincipal(input.Principal),
    Action: input.Action,
    Resource: resource,
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  };
}

export function emptyPolicy(): PolicyDocument {
  return { Version: '2012-10-17', Id: 'default', Statement: [] };
}

/** @throws ServiceError PolicyLengthExceededException */
export function policyText(document: PolicyDocument): string {
  const text = JSON.stringify(document);
  assertPolicySize(text);
  return text;
}

export function assertPolicySize(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_POLICY_BYTES) throw policyTooLong(bytes, MAX_POLICY_BYTES);
}

const STATEMENT_MEMBERS = new Set(['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

/**
 * A whole document, as PutResourcePolicy takes it: its shape is checked here, its meaning is the evaluator's.
 * @throws ServiceError InvalidParameterValueException, PolicyLengthExceededException
 */
export function parsePolicy(text: string): PolicyDocument {
  assertPolicySize(text);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
  if (!isObject(document)) throw malformed('it is not an object');
  const { Version, Statement } = document;
  if (Version !== '2012-10-17' && Version !== '2008-10-17') throw malformed('Version must be 2012-10-17 or 2008-10-17');
  const statements = Array.isArray(Statement) ? (Statement as unknown[]) : [Statement];
  if (statements.length === 0) throw malformed('it has no statement');
  const sids = new Set<string>();
  for (const statement of statements) {
    checkStatement(statement);
    const { Sid } = statement as PolicyStatement;
    if (Sid === undefined) continue;
    if (sids.has(Sid)) throw malformed(`the statement id ${Sid} is used twice`);
    sids.add(Sid);
  }
  return { ...document, Version, Statement: statements as PolicyStatement[] };
}

function checkStatement(statement: unknown): void {
  if (!isObject(statement)) throw malformed('a statement is not an object');
  const unknown = Object.keys(statement).find((member) => !STATEMENT_MEMBERS.has(member));
  if (unknown !== undefined) throw malformed(`a statement has the unknown member ${unknown}`);
  if (statement['Sid'] !== undefined && typeof statement['Sid'] !== 'string') throw malformed('Sid must be a string');
  if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny') throw malformed('Effect must be Allow or Deny');
  for (const member of ['Principal', 'Action', 'Resource']) {
    const given = [statement[member], statement[`Not${member}`]].filter((value) => value !== undefined);
    if (given.length !== 1) throw malformed(`a statement must have exactly one of ${member} and Not${member}`);
    if (!(member === 'Principal' ? isPrincipal(given[0]) : isTexts(given[0]))) throw malformed(`${member} has no legal value`);
  }
  const { Condition } = statement;
  if (Condition !== undefined && !(isObject(Condition) && Object.values(Condition).every((keys) => isObject(keys) && Object.values(keys).every(isConditionValue)))) throw malformed('Condition has no legal value');
}

function isPrincipal(value: unknown): boolean {
  return value === '*' || (isObject(value) && Object.keys(value).length > 0 && Object.values(value).every(isTexts));
}

function isTexts(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'));
}

function isConditionValue(value: unknown): boolean {
  return (Array.isArray(value) ? value : [value]).every((one) => ['string', 'number', 'boolean'].includes(typeof one));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(why: string): Error {
  return invalidParameter(`The resource policy is malformed: ${why}.`);
}

/** @throws ServiceError InvalidParameterValueException: `$LATEST` has no policy of its own */
export function policyQualifier({ qualifier }: FunctionReference): string {
  if (qualifier === '$LATEST') throw invalidParameter('We currently do not support adding policies for $LATEST.');
  return qualifier ?? '';
}

export function policyResource(reference: FunctionReference): string {
  return functionArn(reference.region, reference.accountId, reference.name, reference.qualifier);
}
