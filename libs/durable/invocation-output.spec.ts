import { INVALID_OUTPUT, RESULT_TOO_LARGE } from './errors.js';
import { parseOutput, runtimeError } from './invocation-output.js';

const output = (value: unknown) => parseOutput(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

it('knows the three answers of a durable function', () => {
  expect(output({ Status: 'SUCCEEDED', Result: '1' })).toEqual({ status: 'SUCCEEDED', result: '1' });
  expect(output({ Status: 'SUCCEEDED' })).toEqual({ status: 'SUCCEEDED', result: undefined });
  expect(output({ Status: 'FAILED', Error: { ErrorType: 'E', ErrorMessage: 'm', StackTrace: ['s'], More: 1 } })).toEqual({ status: 'FAILED', error: { ErrorType: 'E', ErrorMessage: 'm', StackTrace: ['s'] } });
  expect(output({ Status: 'PENDING' })).toEqual({ status: 'PENDING' });
});

it('fails on any other answer', () => {
  for (const value of ['not json', 'null', '"text"', {}, { Status: 'DONE' }, { Status: 'SUCCEEDED', Result: { no: 'text' } }]) expect(output(value)).toEqual({ status: 'FAILED', error: INVALID_OUTPUT });
  expect(output({ Status: 'SUCCEEDED', Result: 'x'.repeat(6_291_457) })).toEqual({ status: 'FAILED', error: RESULT_TOO_LARGE });
});

it('reads what a runtime says of a crash', () => {
  expect(runtimeError(Buffer.from('{"errorType":"TypeError","errorMessage":"no","trace":["at x"]}'), 'Unhandled')).toEqual({ ErrorType: 'TypeError', ErrorMessage: 'no', StackTrace: ['at x'] });
  expect(runtimeError(Buffer.from('gone'), 'Runtime.ExitError')).toEqual({ ErrorType: 'Runtime.ExitError' });
});
