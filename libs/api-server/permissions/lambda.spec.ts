import { lambdaService, type OperationContext, type Permission } from '@hearth/aws-wire';
import { durableCallbackId } from '@hearth/kernel';
import { lambdaPermissions } from './lambda.js';

const context: OperationContext = { accountId: '111122223333', region: 'eu-west-1', principalArn: 'arn:aws:iam::111122223333:root', requestId: 'r', baseUrl: 'http://localhost' };

function permission(operation: string, input: Record<string, unknown>): Permission | Permission[] {
  return lambdaPermissions[operation]!(input, context) as Permission | Permission[];
}

describe('permissions of Lambda operations', () => {
  it('are known for every operation of the model, and for nothing else', () => {
    expect(Object.keys(lambdaPermissions).sort()).toEqual([...lambdaService().operationNames].sort());
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['Invoke', { FunctionName: 'f', Qualifier: 'live' }, 'lambda:InvokeFunction', 'arn:aws:lambda:eu-west-1:111122223333:function:f:live'],
    ['GetFunction', { FunctionName: 'f' }, 'lambda:GetFunction', 'arn:aws:lambda:eu-west-1:111122223333:function:f'],
    ['ListFunctions', {}, 'lambda:ListFunctions', '*'],
    ['DeleteLayerVersion', { LayerName: 'l', VersionNumber: 3 }, 'lambda:DeleteLayerVersion', 'arn:aws:lambda:eu-west-1:111122223333:layer:l:3'],
    ['PublishLayerVersion', { LayerName: 'l' }, 'lambda:PublishLayerVersion', 'arn:aws:lambda:eu-west-1:111122223333:layer:l'],
    ['GetLayerVersionByArn', { Arn: 'arn:aws:lambda:eu-west-1:999999999999:layer:l:3' }, 'lambda:GetLayerVersion', 'arn:aws:lambda:eu-west-1:999999999999:layer:l:3'],
    ['GetEventSourceMapping', { UUID: 'u' }, 'lambda:GetEventSourceMapping', 'arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:u'],
    ['TagResource', { Resource: 'arn:aws:lambda:eu-west-1:111122223333:function:f', Tags: {} }, 'lambda:TagResource', 'arn:aws:lambda:eu-west-1:111122223333:function:f'],
  ])('%s %j needs %s on %s', (operation, input, action, resource) => {
    expect([permission(operation, input)].flat()).toMatchObject([{ action, resource }]);
  });

  const EXECUTION = 'arn:aws:lambda:eu-west-1:111122223333:function:f:1/durable-execution/n/i';

  it.each([
    ['GetDurableExecution', { DurableExecutionArn: EXECUTION }],
    ['SendDurableExecutionCallbackSuccess', { CallbackId: durableCallbackId(EXECUTION, 'cb') }],
  ])('%s is on the execution', (operation, input) => {
    expect(permission(operation, input)).toMatchObject({ action: `lambda:${operation}`, resource: EXECUTION });
  });

  it('for a checkpoint are also those on the functions that it invokes', () => {
    const invoke = (FunctionName: string, Action = 'START') => ({ Id: 'i', Type: 'CHAINED_INVOKE', Action, ChainedInvokeOptions: { FunctionName } });
    const Updates = [{ Id: 's', Type: 'STEP', Action: 'START' }, invoke('g'), invoke('g'), invoke('h:live')];
    expect(permission('CheckpointDurableExecution', { DurableExecutionArn: EXECUTION, CheckpointToken: 't', Updates })).toEqual([
      { action: 'lambda:CheckpointDurableExecution', resource: EXECUTION, context: {} },
      { action: 'lambda:InvokeFunction', resource: 'arn:aws:lambda:eu-west-1:111122223333:function:g' },
      { action: 'lambda:InvokeFunction', resource: 'arn:aws:lambda:eu-west-1:111122223333:function:h:live' },
    ]);
    expect(permission('SendDurableExecutionCallbackSuccess', { CallbackId: 'bm9uc2Vuc2U=' })).toMatchObject({ resource: '*' });
  });

  it('are refused on functions of another account, which no policy can grant yet', () => {
    expect(() => permission('GetFunction', { FunctionName: 'arn:aws:lambda:eu-west-1:999999999999:function:f' })).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
  });

  it.each([
    ['CreateFunction', { FunctionName: 'f', Code: { S3Bucket: 'b', S3Key: 'k' } }, 's3:GetObject'],
    ['UpdateFunctionCode', { FunctionName: 'f', S3Bucket: 'b', S3Key: 'k', S3ObjectVersion: '1' }, 's3:GetObjectVersion'],
    ['PublishLayerVersion', { LayerName: 'l', Content: { S3Bucket: 'b', S3Key: 'k' } }, 's3:GetObject'],
  ])('%s with code from a store needs to read it there', (operation, input, action) => {
    expect(permission(operation, input)).toEqual([expect.objectContaining({ action: `lambda:${operation}` }), { action, resource: 'arn:aws:s3:::b/k' }]);
  });

  it('carry the condition keys of the request', () => {
    const input = { FunctionName: 'f', Layers: ['l1', 'l2'], VpcConfig: { SubnetIds: ['s'], SecurityGroupIds: [] }, Tags: { team: 'a' } };
    const role = 'arn:aws:iam::111122223333:role/r';
    expect(permission('CreateFunction', { ...input, Role: role })).toEqual([
      {
        action: 'lambda:CreateFunction',
        resource: 'arn:aws:lambda:eu-west-1:111122223333:function:f',
        context: { 'lambda:Layer': ['l1', 'l2'], 'lambda:SubnetIds': ['s'], 'aws:RequestTag/team': ['a'], 'aws:TagKeys': ['team'] },
      },
      { action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': ['lambda.amazonaws.com'] } },
      { action: 'lambda:GetLayerVersion', resource: 'l1' },
      { action: 'lambda:GetLayerVersion', resource: 'l2' },
    ]);
    expect(permission('AddPermission', { FunctionName: 'f', Principal: 's3.amazonaws.com' })).toMatchObject({ context: { 'lambda:Principal': ['s3.amazonaws.com'] } });
  });
});
