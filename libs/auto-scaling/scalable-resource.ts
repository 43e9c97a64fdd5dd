import { invalid } from './errors.js';

export const DIMENSION = 'lambda:function:ProvisionedConcurrency';

export interface NamedResource {
  ServiceNamespace: string;
  ResourceId: string;
  ScalableDimension: string;
}

/** `function:NAME:QUALIFIER` */
export interface ScalableResource {
  resourceId: string;
  functionName: string;
  qualifier: string;
}

/** @throws ServiceError ValidationException for anything but the provisioned concurrency of a version or an alias */
export function scalableResource({ ServiceNamespace, ResourceId, ScalableDimension }: NamedResource): ScalableResource {
  const [, functionName, qualifier] = /^function:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{1,128})$/.exec(ResourceId) ?? [];
  if (ServiceNamespace !== 'lambda' || ScalableDimension !== DIMENSION || functionName === undefined || qualifier === undefined) {
    throw invalid(`Unsupported service namespace, resource type or scalable dimension. This deployment scales ${DIMENSION} of lambda, of resources function:NAME:VERSION or function:NAME:ALIAS.`);
  }
  return { resourceId: ResourceId, functionName, qualifier };
}

/** @throws ServiceError ValidationException */
export function assertNamespace({ ServiceNamespace, ScalableDimension }: { ServiceNamespace: string; ScalableDimension?: string }): void {
  if (ServiceNamespace !== 'lambda' || (ScalableDimension ?? DIMENSION) !== DIMENSION) throw invalid(`Unsupported service namespace or scalable dimension. This deployment scales ${DIMENSION} of lambda.`);
}

export function assertBounds(min: number | undefined, max: number | undefined): void {
  if ((min ?? 0) < 0 || (max ?? 0) < 0) throw invalid('Minimum and maximum capacity must not be negative.');
  if (min !== undefined && max !== undefined && min > max) throw invalid(`Maximum capacity cannot be less than minimum capacity: ${max} < ${min}.`);
}
