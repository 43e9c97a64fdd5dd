import type { AwsService, OperationHandler, PermissionMapping } from '@hearth/aws-wire';
import type { InvokeOperation } from './invoke-operation.js';

/** A service of this endpoint: how it speaks, what it can do, and what each operation needs to be allowed. */
export interface ServedService {
  service: AwsService;
  /** By operation name of the service model; what is missing answers 501. */
  operations: Readonly<Record<string, OperationHandler>>;
  permissions: Readonly<Record<string, PermissionMapping>>;
  /** Why some of the operations that are missing stay so; a sentence each. */
  refusals?: Readonly<Record<string, string>>;
}

/** Operations of `lambda` that have a way of their own through the endpoint instead of a handler. */
export const ENDPOINT_OPERATIONS: readonly InvokeOperation[] = ['Invoke', 'InvokeWithResponseStream', 'InvokeAsync'];

/** By the name that signatures carry. @throws Error when an operation is unknown to the model, or nothing says what it needs to be allowed */
export function servedServices(services: readonly ServedService[]): ReadonlyMap<string, ServedService> {
  for (const { service, operations, permissions } of services) {
    for (const operation of Object.keys(operations)) {
      if (!service.operationNames.includes(operation)) throw new Error(`${service.name} has no operation ${operation}`);
      if (!Object.hasOwn(permissions, operation)) throw new Error(`Nothing says which permission ${service.name}:${operation} needs`);
    }
  }
  return new Map(services.map((served) => [served.service.name, served]));
}
