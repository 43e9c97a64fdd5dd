import type { OperationContext } from '@hearth/aws-wire';
import { referenceOf } from '../parts.js';

/** What a caller needs for an operation; the shape that all domains share. */
export interface Permission {
  action: string;
  /** ARN, or `*`. */
  resource: string;
  /** Further condition keys of the request. */
  context?: Record<string, string[]>;
}

type Input = { FunctionName?: string; Qualifier?: string; CodeSigningConfigArn?: string; Tags?: Record<string, string> };
type Rule = (input: any, context: OperationContext) => Permission | Permission[];

const onConfig =
  (operation: string): Rule =>
  ({ CodeSigningConfigArn: arn }: Input) => ({ action: `lambda:${operation}`, resource: arn!, context: { 'lambda:CodeSigningConfigArn': [arn!] } });

const onFunction =
  (operation: string): Rule =>
  (input: Input, context) => ({ action: `lambda:${operation}`, resource: referenceOf(input as { FunctionName: string }, context, operation).arn });

/** Code signing, runtime management and recursion (spec/iam-and-sts.md 4). */
export const codeSigningPermissions: Record<string, Rule> = {
  CreateCodeSigningConfig: ({ Tags }: Input) => ({ action: 'lambda:CreateCodeSigningConfig', resource: '*', ...tagKeys(Tags) }),
  ListCodeSigningConfigs: () => ({ action: 'lambda:ListCodeSigningConfigs', resource: '*' }),
  GetCodeSigningConfig: onConfig('GetCodeSigningConfig'),
  UpdateCodeSigningConfig: onConfig('UpdateCodeSigningConfig'),
  DeleteCodeSigningConfig: onConfig('DeleteCodeSigningConfig'),
  ListFunctionsByCodeSigningConfig: onConfig('ListFunctionsByCodeSigningConfig'),
  PutFunctionCodeSigningConfig: (input: Input, context) => [onConfig('PutFunctionCodeSigningConfig')(input, context), onFunction('PutFunctionCodeSigningConfig')(input, context)].flat(),
  GetFunctionCodeSigningConfig: onFunction('GetFunctionCodeSigningConfig'),
  DeleteFunctionCodeSigningConfig: onFunction('DeleteFunctionCodeSigningConfig'),
};

export const runtimeSettingsPermissions: Record<string, Rule> = Object.fromEntries(
  ['PutRuntimeManagementConfig', 'GetRuntimeManagementConfig', 'PutFunctionRecursionConfig', 'GetFunctionRecursionConfig'].map((operation) => [operation, onFunction(operation)]),
);

function tagKeys(tags: Record<string, string> = {}): Pick<Permission, 'context'> {
  const entries = Object.entries(tags);
  if (entries.length === 0) return {};
  return { context: { 'aws:TagKeys': entries.map(([key]) => key), ...Object.fromEntries(entries.map(([key, value]) => [`aws:RequestTag/${key}`, [value]])) } };
}
