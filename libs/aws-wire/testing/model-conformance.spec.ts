import { ServiceError } from '@hearth/kernel';
import type { AwsService, WireRequest } from '../aws-service.js';
import { lambdaService } from '../lambda-service.js';
import type { ServiceModel } from '../rest-json/service-model.js';
import { autoScalingService, iamService, logsService, stsService } from '../services.js';
import { encodeRequest } from './client-encoding.js';
import { validInput, violationCases, type ViolationCase } from './violations.js';

/** Generated from the committed models: every violation of every constraint of every operation (issue: "thousands of cases"). */
const SERVICES: { service: AwsService & { model: ServiceModel }; code: string; atLeast: number }[] = [
  { service: lambdaService(), code: 'ValidationException', atLeast: 950 },
  { service: iamService(), code: 'ValidationError', atLeast: 1_000 },
  { service: stsService(), code: 'ValidationError', atLeast: 100 },
  { service: logsService(), code: 'InvalidParameterException', atLeast: 800 },
  { service: autoScalingService(), code: 'ValidationException', atLeast: 100 },
];

function outcome(service: AwsService, request: WireRequest): unknown {
  try {
    return service.call(request).input();
  } catch (error) {
    return error;
  }
}

/** An empty label has no path, an empty query list no parameter, and a missing label is another path. */
function travels(model: ServiceModel, operation: string, violation: ViolationCase): boolean {
  const { member, value } = violation;
  const input = model.shapes[model.operations[operation]!.input!.shape]!;
  const location = input.members![member]!.location;
  if (location === 'uri') return value !== undefined && value !== '' && value !== '.' && value !== '..';
  if (location === 'querystring') return !(Array.isArray(value) && value.length === 0);
  // A raw body is always there.
  return !(input.payload === member && value === undefined) && encodeRequest(model, operation, violation.input) !== undefined;
}

describe.each(SERVICES.map((entry) => [entry.service.name, entry] as const))('%s', (_name, { service, code, atLeast }) => {
  const { model } = service;
  const generated = service.operationNames.map((operation) => ({ operation, cases: violationCases(model, operation).filter((violation) => travels(model, operation, violation)) }));

  it(`has at least ${atLeast} ways to break its model`, () => {
    expect(generated.reduce((sum, { cases }) => sum + cases.length, 0)).toBeGreaterThanOrEqual(atLeast);
  });

  it.each(service.operationNames.map((operation) => [operation]))('%s takes the smallest valid input', (operation) => {
    const result = outcome(service, encodeRequest(model, operation, validInput(model, operation))!);
    expect(result).not.toBeInstanceOf(Error);
  });

  it.each(generated.filter(({ cases }) => cases.length > 0).map(({ operation, cases }) => [operation, cases.length, cases] as const))('%s refuses %i violations in its own words', (operation, _count, cases) => {
    const wrong: string[] = [];
    for (const { name, input, expected } of cases) {
      const result = outcome(service, encodeRequest(model, operation, input)!);
      // Lambda answers for this enum with an error of its own (spec/lambda-api.md 2.1, note).
      const own = operation.match(/^(Create|UpdateFunctionConfig)/) && name === 'runtime enum' ? 'InvalidParameterValueException' : code;
      const refused = result instanceof ServiceError && result.code === own && result.status === 400;
      const head = own === code ? /^\d+ validation errors? detected: / : /^Value /;
      if (!refused || !head.test(result.message) || (own === code && !result.message.includes(expected))) {
        wrong.push(`${name}: ${result instanceof Error ? `${(result as ServiceError).code} ${result.message.slice(0, 300)}` : 'accepted'}; expected ${expected.slice(0, 200)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
