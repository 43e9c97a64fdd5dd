import { ServiceError } from '@hearth/kernel';
import {
  isConditionValue,
  parsePolicy,
  type ContextValues,
  type ParsedPolicy,
  type PolicyKind,
  type Principal,
} from '../policy/index.js';
import { invalidInput, unsupportedMember } from './errors.js';
import type { PagedInput } from './paging.js';

/** What both simulations take (spec/iam-and-sts.md 6). */
export interface SimulationInput extends PagedInput {
  PolicyInputList?: string[];
  PermissionsBoundaryPolicyInputList?: string[];
  ActionNames: string[];
  ResourceArns?: string[];
  ResourcePolicy?: string;
  ResourceOwner?: string;
  CallerArn?: string;
  ContextEntries?: ContextEntry[];
  ResourceHandlingOption?: string;
}

interface ContextEntry {
  ContextKeyName?: string;
  ContextKeyValues?: string[];
  ContextKeyType?: string;
}

const ACTION = /^[A-Za-z0-9-]+:[A-Za-z0-9]+$/;
const ACCOUNT_ARN = /^arn:aws:iam::(\d{12}):root$/;
const IDENTITY_ARN = /^arn:aws:iam::(\d{12}):(user|group|role)\/[\u0021-\u007e]+$/;

/** @throws ServiceError InvalidInput; NotImplemented for what concerns EC2 only */
export function checkSimulation(operation: string, input: SimulationInput): void {
  if (input.ResourceHandlingOption !== undefined) throw unsupportedMember(operation, 'ResourceHandlingOption');
  for (const action of input.ActionNames) if (!ACTION.test(action)) throw invalidInput(`Invalid action name: ${action}`);
  for (const arn of input.ResourceArns ?? [])
    if (arn !== '*' && arn.split(':').length < 6) throw invalidInput(`Invalid resource ARN: ${arn}`);
  if ((input.PermissionsBoundaryPolicyInputList?.length ?? 0) > 1)
    throw invalidInput('Only one permissions boundary policy can be simulated.');
}

/** The documents of a list, named as the simulation's answer names them: `PolicyInputList.1`. */
export function givenPolicies(member: string, documents: readonly string[], kind: PolicyKind = 'identity'): ParsedPolicy[] {
  return documents.map((document, index) => givenPolicy(`${member}.${index + 1}`, document, kind));
}

export function givenPolicy(name: string, document: string, kind: PolicyKind): ParsedPolicy {
  try {
    return parsePolicy(document, { kind, name });
  } catch (error) {
    if (error instanceof ServiceError) throw invalidInput(`${name}: ${error.message}`);
    throw error;
  }
}

/** @throws ServiceError InvalidInput: sessions and services cannot be simulated as callers */
export function simulatedPrincipal(arn: string): Principal {
  const found = IDENTITY_ARN.exec(arn);
  if (found === null) throw invalidInput(`Invalid caller ARN: ${arn}. It must be the ARN of an IAM user, group or role.`);
  return { kind: found[2] === 'role' ? 'role' : 'user', arn, accountId: found[1]! };
}

export function ownerAccountId(arn: string): string {
  const found = ACCOUNT_ARN.exec(arn);
  if (found === null) throw invalidInput(`Invalid resource owner: ${arn}. It must be the ARN of an account.`);
  return found[1]!;
}

/** @throws ServiceError InvalidInput when a key comes twice, or a value is not of its type */
export function contextValues(entries: readonly ContextEntry[]): ContextValues {
  const values = new Map<string, string[]>();
  for (const { ContextKeyName: name = '', ContextKeyValues: given = [], ContextKeyType: type = 'string' } of entries) {
    const key = name.toLowerCase();
    if (!key.includes(':')) throw invalidInput(`Invalid context key: ${name}`);
    if (values.has(key)) throw invalidInput(`The context key ${name} is given more than once.`);
    const list = type.endsWith('List');
    if (!list && given.length > 1) throw invalidInput(`The context key ${name} of type ${type} can have one value only.`);
    const wrong = given.find((value) => !isConditionValue(OPERATORS[type.replace(/List$/, '')] ?? 'StringEquals', value));
    if (wrong !== undefined) throw invalidInput(`The value ${wrong} of the context key ${name} is not of type ${type}.`);
    values.set(key, given);
  }
  return Object.fromEntries(values);
}

/** An operator whose values have the type. */
const OPERATORS: Readonly<Record<string, string>> = {
  string: 'StringEquals',
  numeric: 'NumericEquals',
  boolean: 'Bool',
  ip: 'IpAddress',
  binary: 'BinaryEquals',
  date: 'DateEquals',
};
