import { AttachRolePolicyCommand, CreateRoleCommand, EntityAlreadyExistsException, GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';

/** Lambda may assume it: without such a trust policy no function can be given the role. */
export const TRUST_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const BASIC_EXECUTION = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

/** Makes an execution role that may write logs, unless it is there. @returns its ARN */
export async function executionRole(client: IAMClient, RoleName: string): Promise<string> {
  try {
    const { Role } = await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST_POLICY }));
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: BASIC_EXECUTION }));
    return Role!.Arn!;
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
    return (await client.send(new GetRoleCommand({ RoleName }))).Role!.Arn!;
  }
}
