import { ServiceError } from '@hearth/kernel';
import { RestJsonService } from './rest-json/rest-json-service.js';
import { loadServiceModel } from './rest-json/service-model.js';

/** Service `lambda` 2015-03-31, with the two checks that answer otherwise than the model says (spec/lambda-api.md 2.1, note). */
export function lambdaService(): RestJsonService {
  const model = loadServiceModel('lambda-2015-03-31');
  const runtimes = model.shapes['Runtime']!.enum!;
  return new RestJsonService(model, {
    enumsCheckedElsewhere: new Set(['runtime']),
    inputRules: (_operation, input) => {
      const runtime = input['Runtime'];
      if (typeof runtime === 'string' && !runtimes.includes(runtime)) {
        throw new ServiceError(
          'InvalidParameterValueException',
          400,
          `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${runtimes.join(', ')}] or be a valid ARN`,
          { messageMember: 'message' },
        );
      }
    },
  });
}
