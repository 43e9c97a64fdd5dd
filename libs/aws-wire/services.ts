import { JsonService } from './json/json-service.js';
import { QueryService } from './query/query-service.js';
import { loadServiceModel } from './rest-json/service-model.js';

export function iamService(): QueryService {
  return new QueryService('iam', loadServiceModel('iam-2010-05-08'));
}

export function stsService(): QueryService {
  return new QueryService('sts', loadServiceModel('sts-2011-06-15'));
}

export function autoScalingService(): JsonService {
  return new JsonService('application-autoscaling', loadServiceModel('application-autoscaling-2016-02-06'), { validationError: 'ValidationException' });
}

export function logsService(): JsonService {
  return new JsonService('logs', loadServiceModel('logs-2014-03-28'), { validationError: 'InvalidParameterException' });
}
