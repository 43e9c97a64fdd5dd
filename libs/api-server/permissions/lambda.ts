import { parseDurableCallbackId, ServiceError } from '@hearth/kernel';
import type { OperationContext, Permission, PermissionMapping } from '@hearth/aws-wire';
import { codePermissions, parseFunctionReference, type CodeInput } from '@hearth/catalogue';
import { LAMBDA_SERVICE, passRole } from '@hearth/iam';

/* Action, resource and condition keys of every Lambda operation (spec/iam-and-sts.md 4; AWS service authorization reference). */

type Input = Record<string, unknown>;

const SAME_NAME_ON_FUNCTION = [
  'CreateAlias', 'CreateFunctionUrlConfig', 'DeleteAlias', 'DeleteFunction', 'DeleteFunctionCodeSigningConfig', 'DeleteFunctionConcurrency',
  'DeleteFunctionEventInvokeConfig', 'DeleteFunctionUrlConfig', 'DeleteProvisionedConcurrencyConfig', 'GetAlias', 'GetFunction', 'GetFunctionCodeSigningConfig',
  'GetFunctionConcurrency', 'GetFunctionConfiguration', 'GetFunctionEventInvokeConfig', 'GetFunctionRecursionConfig', 'GetFunctionScalingConfig', 'GetFunctionUrlConfig',
  'GetPolicy', 'GetProvisionedConcurrencyConfig', 'GetRuntimeManagementConfig', 'InvokeAsync', 'ListAliases', 'ListDurableExecutionsByFunction',
  'ListFunctionEventInvokeConfigs', 'ListFunctionUrlConfigs', 'ListProvisionedConcurrencyConfigs', 'ListVersionsByFunction', 'PublishVersion', 'PutFunctionConcurrency',
  'PutFunctionEventInvokeConfig', 'PutFunctionRecursionConfig', 'PutFunctionScalingConfig', 'PutProvisionedConcurrencyConfig', 'PutRuntimeManagementConfig',
  'UpdateAlias', 'UpdateFunctionEventInvokeConfig', 'UpdateFunctionUrlConfig', 'AddPermission', 'RemovePermission',
] as const;

const WITHOUT_RESOURCE = [
  'CreateCodeSigningConfig', 'CreateEventSourceMapping', 'GetAccountSettings', 'ListCapacityProviders', 'ListCodeSigningConfigs', 'ListEventSourceMappings',
  'ListFunctions', 'ListLayers', 'ListLayerVersions',
] as const;

/** Operations whose resource is an ARN that the input carries, and the member that holds it. */
const ON_GIVEN_ARN: Readonly<Record<string, string>> = {
  DeleteCodeSigningConfig: 'CodeSigningConfigArn', GetCodeSigningConfig: 'CodeSigningConfigArn', UpdateCodeSigningConfig: 'CodeSigningConfigArn',
  ListFunctionsByCodeSigningConfig: 'CodeSigningConfigArn',
  PutResourcePolicy: 'ResourceArn', GetResourcePolicy: 'ResourceArn', DeleteResourcePolicy: 'ResourceArn',
  TagResource: 'Resource', UntagResource: 'Resource', ListTags: 'Resource',
  DeleteDurableExecution: 'DurableExecutionArn', GetDurableExecution: 'DurableExecutionArn',
  GetDurableExecutionHistory: 'DurableExecutionArn', GetDurableExecutionState: 'DurableExecutionArn', PauseDurableExecution: 'DurableExecutionArn',
  ResumeDurableExecution: 'DurableExecutionArn', StopDurableExecution: 'DurableExecutionArn',
};

const ON_LAYER_VERSION = ['AddLayerVersionPermission', 'DeleteLayerVersion', 'GetLayerVersion', 'GetLayerVersionPolicy', 'RemoveLayerVersionPermission'] as const;
const ON_MAPPING = ['DeleteEventSourceMapping', 'GetEventSourceMapping', 'UpdateEventSourceMapping'] as const;
const ON_CAPACITY_PROVIDER = ['CreateCapacityProvider', 'DeleteCapacityProvider', 'GetCapacityProvider', 'UpdateCapacityProvider', 'ListFunctionVersionsByCapacityProvider'] as const;
const CALLBACKS = ['SendDurableExecutionCallbackFailure', 'SendDurableExecutionCallbackHeartbeat', 'SendDurableExecutionCallbackSuccess'] as const;

export const lambdaPermissions: Readonly<Record<string, PermissionMapping>> = {
  ...table(SAME_NAME_ON_FUNCTION, onFunction),
  ...table(WITHOUT_RESOURCE, () => '*'),
  ...table(Object.keys(ON_GIVEN_ARN), (input, _context, operation) => arnMember(input, ON_GIVEN_ARN[operation]!)),
  ...table(ON_LAYER_VERSION, (input, context) => `${layerArn(input, context)}:${input['VersionNumber'] as number}`),
  ...table(ON_MAPPING, (input, context) => ownArn(context, `event-source-mapping:${input['UUID'] as string}`)),
  ...table(ON_CAPACITY_PROVIDER, (input, context) => withArnOr(input['CapacityProviderName'], (name) => ownArn(context, `capacity-provider:${name}`))),
  ...table(CALLBACKS, callbackExecution),
  CheckpointDurableExecution: checkpointing,
  CreateFunction: (input: Input, context) => [...configuring(input, context, 'CreateFunction'), ...codePermissions((input['Code'] ?? {}) as CodeInput)],
  UpdateFunctionCode: (input: Input, context) => [
    { action: 'lambda:UpdateFunctionCode', resource: onFunction(input, context, 'UpdateFunctionCode'), context: conditionKeys(input, context) },
    ...codePermissions(input as CodeInput),
  ],
  UpdateFunctionConfiguration: (input: Input, context) => configuring(input, context, 'UpdateFunctionConfiguration'),
  Invoke: (input: Input, context) => ({ action: 'lambda:InvokeFunction', resource: onFunction(input, context, 'InvokeFunction') }),
  InvokeWithResponseStream: (input: Input, context) => ({ action: 'lambda:InvokeFunction', resource: onFunction(input, context, 'InvokeFunction') }),
  GetLayerVersionByArn: (input: Input) => ({ action: 'lambda:GetLayerVersion', resource: input['Arn'] as string }),
  PublishLayerVersion: (input: Input, context) => [
    { action: 'lambda:PublishLayerVersion', resource: layerArn(input, context) },
    ...codePermissions((input['Content'] ?? {}) as CodeInput),
  ],
  PutFunctionCodeSigningConfig: (input: Input, context) => [
    { action: 'lambda:PutFunctionCodeSigningConfig', resource: onFunction(input, context, 'PutFunctionCodeSigningConfig'), context: conditionKeys(input, context) },
    { action: 'lambda:PutFunctionCodeSigningConfig', resource: input['CodeSigningConfigArn'] as string, context: conditionKeys(input, context) },
  ],
};

function table(operations: readonly string[], resource: (input: Input, context: OperationContext, operation: string) => string): Record<string, PermissionMapping> {
  return Object.fromEntries(
    operations.map((operation): [string, PermissionMapping] => [
      operation,
      (input: Input, context): Permission => ({ action: `lambda:${operation}`, resource: resource(input, context, operation), context: conditionKeys(input, context) }),
    ]),
  );
}

/** Policies see the function as it was asked for: with its qualifier only when one was given. */
function onFunction(input: Input, context: OperationContext, operation: string): string {
  const qualifier = input['Qualifier'];
  return parseFunctionReference(input['FunctionName'] as string, typeof qualifier === 'string' ? qualifier : undefined, { ...context, action: `lambda:${operation}` }).arn;
}

/** Whoever gives a function a role must be allowed to pass it, and to read the layers he gives it. */
function configuring(input: Input, context: OperationContext, operation: string): Permission[] {
  const role = input['Role'];
  const layers = Array.isArray(input['Layers']) ? (input['Layers'] as string[]) : [];
  return [
    { action: `lambda:${operation}`, resource: onFunction(input, context, operation), context: conditionKeys(input, context) },
    ...(typeof role === 'string' ? [passRole(role, LAMBDA_SERVICE)] : []),
    ...layers.map((layer) => ({ action: 'lambda:GetLayerVersion', resource: layer })),
  ];
}

/** Who lets an execution invoke another function must be allowed to invoke it. */
function checkpointing(input: Input, context: OperationContext): Permission[] {
  const updates = Array.isArray(input['Updates']) ? (input['Updates'] as { Type?: string; Action?: string; ChainedInvokeOptions?: { FunctionName?: string } }[]) : [];
  const invoked = updates.filter(({ Type, Action }) => Type === 'CHAINED_INVOKE' && Action === 'START').map(({ ChainedInvokeOptions }) => ChainedInvokeOptions?.FunctionName);
  return [
    { action: 'lambda:CheckpointDurableExecution', resource: arnMember(input, 'DurableExecutionArn'), context: conditionKeys(input, context) },
    ...[...new Set(invoked)].filter((name) => name !== undefined).map((FunctionName) => ({ action: 'lambda:InvokeFunction', resource: onFunction({ FunctionName }, context, 'InvokeFunction') })),
  ];
}

/** A callback belongs to the execution that waits for it; its id says which. One that says nothing is the operation's to refuse. */
function callbackExecution(input: Input): string {
  return parseDurableCallbackId(String(input['CallbackId']))?.executionArn ?? '*';
}

function layerArn(input: Input, context: OperationContext): string {
  return withArnOr(input['LayerName'], (name) => ownArn(context, `layer:${name}`));
}

function withArnOr(value: unknown, byName: (name: string) => string): string {
  const text = String(value);
  return text.startsWith('arn:') ? text : byName(text);
}

function arnMember(input: Input, member: string): string {
  const arn = input[member];
  if (typeof arn !== 'string' || !arn.startsWith('arn:')) {
    throw new ServiceError('InvalidParameterValueException', 400, `${member} must be an ARN.`, { messageMember: 'message' });
  }
  return arn;
}

function ownArn({ region, accountId }: OperationContext, rest: string): string {
  return `arn:aws:lambda:${region}:${accountId}:${rest}`;
}

/** Condition keys of service `lambda` and of tags, from the members that carry them. */
function conditionKeys(input: Input, context: OperationContext): Record<string, string[]> {
  const keys: Record<string, string[]> = {};
  const vpc = input['VpcConfig'] as { SecurityGroupIds?: string[]; SubnetIds?: string[] } | undefined;
  if (Array.isArray(input['Layers'])) keys['lambda:Layer'] = input['Layers'] as string[];
  if (vpc?.SecurityGroupIds?.length) keys['lambda:SecurityGroupIds'] = vpc.SecurityGroupIds;
  if (vpc?.SubnetIds?.length) keys['lambda:SubnetIds'] = vpc.SubnetIds;
  one(keys, 'lambda:CodeSigningConfigArn', input['CodeSigningConfigArn']);
  one(keys, 'lambda:Principal', input['Principal']);
  one(keys, 'lambda:FunctionUrlAuthType', input['FunctionUrlAuthType'] ?? input['AuthType']);
  if (typeof input['EventSourceArn'] === 'string' || typeof input['UUID'] === 'string') {
    const name = input['FunctionName'];
    if (typeof name === 'string') one(keys, 'lambda:FunctionArn', withArnOr(name, (text) => ownArn(context, `function:${text}`)));
  }
  const tags = input['Tags'];
  if (typeof tags === 'object' && tags !== null) {
    for (const [key, value] of Object.entries(tags)) keys[`aws:RequestTag/${key}`] = [String(value)];
    keys['aws:TagKeys'] = Object.keys(tags);
  }
  if (Array.isArray(input['TagKeys'])) keys['aws:TagKeys'] = input['TagKeys'] as string[];
  return keys;
}

function one(keys: Record<string, string[]>, name: string, value: unknown): void {
  if (typeof value === 'string') keys[name] = [value];
}
