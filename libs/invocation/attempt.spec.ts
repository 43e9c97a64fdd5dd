import { InfrastructureError, ServiceError } from '@hearth/kernel';
import { resultOf } from './attempt.js';

describe('what an exception means for an event', () => {
  const refusal = (code: string, status: number): ServiceError => new ServiceError(code, status, 'text');

  it.each([
    ['a throttle', refusal('TooManyRequestsException', 429)],
    ['a function that is not Active', refusal('ResourceConflictException', 409)],
    ['a failure of the service', refusal('ServiceException', 500)],
    ['a lost worker', new InfrastructureError('lost')],
    ['a defect of Hearth', new TypeError('undefined is not a function')],
  ])('%s postpones it', (_case, error) => expect(resultOf(error).kind).toBe('postponed'));

  it('a deleted function ends it with FunctionNotFound', () => {
    expect(resultOf(refusal('ResourceNotFoundException', 404))).toMatchObject({ kind: 'impossible', condition: 'FunctionNotFound' });
  });

  it('a refusal that no time mends ends it with InvocationRejected and the code', () => {
    expect(resultOf(refusal('InvalidParameterValueException', 400))).toEqual({ kind: 'impossible', condition: 'InvocationRejected', reason: 'InvalidParameterValueException' });
  });
});
