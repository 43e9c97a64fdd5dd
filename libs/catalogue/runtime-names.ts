import { invalidParameter } from './errors.js';

/** Retired by AWS for creating and updating (spec/lambda-api.md 3.1). A deployment that still has one may use it. */
const RETIRED = new Set(
  (
    'nodejs nodejs4.3 nodejs4.3-edge nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x python2.7 python3.6 python3.7 java8 ' +
    'dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 ruby2.5 ruby2.7 go1.x provided'
  ).split(' '),
);

/** @throws ServiceError InvalidParameterValueException when this deployment cannot run the runtime */
export function validateRuntime(runtime: string, known: readonly string[]): void {
  if (known.includes(runtime)) return;
  if (RETIRED.has(runtime)) {
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. ` +
        'We recommend you use a supported runtime while creating or updating functions.',
    );
  }
  throw invalidParameter(`Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${known.join(', ')}] or be a valid ARN`);
}
