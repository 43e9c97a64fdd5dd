import type { ServedService } from '@hearth/api-server';
import { createAutoScaling } from '@hearth/auto-scaling';
import { autoScalingService, iamService, logsService, stsService, type OperationHandler } from '@hearth/aws-wire';
import { TaggedTable, tagOperations, type Catalogue } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import type { Durable } from '@hearth/durable';
import { createEventSourceMappings } from '@hearth/event-sources';
import type { FunctionUrls } from '@hearth/function-urls';
import { iamOperations, iamPermissions, policyDocuments, PrincipalPolicyStore, stsOperations, stsPermissions, type ExecutionRoles, type KeyStore } from '@hearth/iam';
import type { Clock } from '@hearth/kernel';
import { createLogs } from '@hearth/logs';
import { provisionedCapacity } from './provisioned-capacity.js';

/* What the endpoint serves: the one place that says which operations of which service exist. docs/compatibility.md is made from it. */

export interface ApiServicesParts {
  database: Database;
  keyStore: KeyStore;
  executionRoles: ExecutionRoles;
  catalogue: Pick<Catalogue, 'operations' | 'resolver'>;
  functionUrls: Pick<FunctionUrls, 'operations'>;
  durable: Pick<Durable, 'operations'>;
  clock: Clock;
}

/** Operations of `lambda` by name, except for those that the endpoint handles itself. */
export function lambdaOperations({ database, executionRoles, catalogue, functionUrls, durable, clock }: ApiServicesParts): Record<string, OperationHandler> {
  // Nothing polls yet: no mapping may say that it runs.
  const eventSources = createEventSourceMappings({ database, resolver: catalogue.resolver, polled: new Set(), clock });
  const tagged = { 'event-source-mapping': eventSources.tags, 'code-signing-config': new TaggedTable(database, 'code_signing_configs', 'id') };
  return checkingRoles(
    { ...catalogue.operations, ...functionUrls.operations, ...eventSources.operations, ...durable.operations, ...tagOperations(catalogue.operations, tagged) },
    executionRoles,
  );
}

/** Every service but `lambda`. */
export function furtherServices({ database, keyStore, catalogue, clock }: Pick<ApiServicesParts, 'database' | 'keyStore' | 'catalogue' | 'clock'>): ServedService[] {
  const iam = { database, keyStore, clock, documents: policyDocuments };
  return [
    { service: iamService(), operations: iamOperations(iam), permissions: iamPermissions(database) },
    { service: stsService(), operations: stsOperations({ ...iam, principals: new PrincipalPolicyStore(database) }), permissions: stsPermissions },
    { service: autoScalingService(), ...createAutoScaling({ database, provisioned: provisionedCapacity(catalogue), clock }) },
    { service: logsService(), ...createLogs({ database, clock }) },
  ];
}

/** A function is given only a role that Lambda may assume. That the caller may pass it is the guard's matter. */
function checkingRoles(operations: Record<string, OperationHandler>, roles: ExecutionRoles): Record<string, OperationHandler> {
  const checked = (handler: OperationHandler): OperationHandler => {
    return async (input: { Role?: string }, context) => {
      if (input.Role !== undefined) await roles.checkPassRole({ accountId: context.accountId, roleArn: input.Role, authorise: () => undefined });
      return handler(input, context);
    };
  };
  const { CreateFunction, UpdateFunctionConfiguration } = operations;
  return { ...operations, CreateFunction: checked(CreateFunction!), UpdateFunctionConfiguration: checked(UpdateFunctionConfiguration!) };
}
