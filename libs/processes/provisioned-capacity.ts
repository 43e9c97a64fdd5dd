import { randomUUID } from 'node:crypto';
import type { ProvisionedCapacity } from '@hearth/auto-scaling';
import type { OperationContext } from '@hearth/aws-wire';
import type { Catalogue } from '@hearth/catalogue';
import { ServiceError } from '@hearth/kernel';

/** The catalogue's provisioned concurrency as auto scaling sees and changes it: by the same operations that users call, with the same checks. */
export function provisionedCapacity({ operations }: Pick<Catalogue, 'operations'>): ProvisionedCapacity {
  const { GetProvisionedConcurrencyConfig: read, PutProvisionedConcurrencyConfig: put, DeleteProvisionedConcurrencyConfig: remove, GetFunctionConfiguration: exists } = operations;
  const contextOf = ({ accountId, region }: { accountId: string; region: string }): OperationContext => ({
    accountId,
    region,
    principalArn: `arn:aws:iam::${accountId}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency`,
    requestId: randomUUID(),
    baseUrl: '',
  });
  return {
    async current(place, FunctionName, Qualifier) {
      try {
        const { RequestedProvisionedConcurrentExecutions } = await read!({ FunctionName, Qualifier }, contextOf(place));
        return RequestedProvisionedConcurrentExecutions as number;
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== 'ProvisionedConcurrencyConfigNotFoundException') throw error;
        await exists!({ FunctionName, Qualifier }, contextOf(place));
        return 0;
      }
    },
    async set(place, FunctionName, Qualifier, capacity) {
      if (capacity === 0) await remove!({ FunctionName, Qualifier }, contextOf(place));
      else await put!({ FunctionName, Qualifier, ProvisionedConcurrentExecutions: capacity }, contextOf(place));
    },
  };
}
