import type { ServedService } from '@hearth/api-server';
import { iamService, stsService, type OperationHandler } from '@hearth/aws-wire';
import type { Catalogue } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import { ExecutionRoles, iamOperations, iamPermissions, policyDocuments, PrincipalPolicyStore, stsOperations, stsPermissions, type KeyStore } from '@hearth/iam';
import type { Clock } from '@hearth/kernel';

/* What the endpoint serves: the one place that says which operations of which service exist. docs/compatibility.md is made from it. */

export interface ApiServicesParts {
  database: Database;
  keyStore: KeyStore;
  catalogue: Pick<Catalogue, 'operations'>;
  clock: Clock;
}

/** Operations of `lambda` by name, except for those that the endpoint handles itself. */
export function lambdaOperations({ database, keyStore, catalogue }: ApiServicesParts): Record<string, OperationHandler> {
  return checkingRoles(catalogue.operations, new ExecutionRoles({ database, keyStore }));
}

/** Every service but `lambda`. */
export function furtherServices({ database, keyStore, clock }: ApiServicesParts): ServedService[] {
  const iam = { database, keyStore, clock, documents: policyDocuments };
  return [
    { service: iamService(), operations: iamOperations(iam), permissions: iamPermissions(database) },
    { service: stsService(), operations: stsOperations({ ...iam, principals: new PrincipalPolicyStore(database) }), permissions: stsPermissions },
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
