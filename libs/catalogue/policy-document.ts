import { parsePolicy } from '@hearth/iam';
import { functionArn, ServiceError } from '@hearth/kernel';
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

/**
 * A whole document, as PutResourcePolicy takes it.
 * @throws ServiceError InvalidParameterValueException, PolicyLengthExceededException
 */
export function checkedPolicy(text: string): PolicyDocument {
  assertPolicySize(text);
  try {
    parsePolicy(text, { kind: 'resource', name: 'resource policy' });
  } catch (error) {
    throw error instanceof ServiceError ? invalidParameter(`The resource policy is malformed: ${error.message}`) : error;
  }
  const document = JSON.parse(text) as PolicyDocument & { Statement: PolicyStatement | PolicyStatement[] };
  return { ...document, Statement: [document.Statement].flat() };
}

/** @throws ServiceError InvalidParameterValueException: `$LATEST` has no policy of its own */
export function policyQualifier({ qualifier }: FunctionReference): string {
  if (qualifier === '$LATEST') throw invalidParameter('We currently do not support adding policies for $LATEST.');
  return qualifier ?? '';
}

export function policyResource(reference: FunctionReference): string {
  return functionArn(reference.region, reference.accountId, reference.name, reference.qualifier);
}
