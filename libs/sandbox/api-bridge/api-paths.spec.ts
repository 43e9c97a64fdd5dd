import { isForFunctions } from './api-paths.js';

describe('the paths of the API that functions may use', () => {
  it.each([
    '/',
    '/?Action=GetCallerIdentity',
    '/2015-03-31/functions/f/invocations',
    '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations',
    '/2015-03-31/functions/_hearth',
    '/_hearthstone',
    '/_hearth/artifacts/team/f.zip',
    '/_hearth/artifacts/a%20b..zip',
    '/_hearth/code/000000000000/abc?expires=1&signature=2',
  ])('%s is one', (target) => {
    expect(isForFunctions(target)).toBe(true);
  });

  it.each([
    '/_hearth',
    '/_hearth/',
    '/_hearth/health',
    '/_hearth/api?x',
    '/_HEARTH/health',
    '/%5fhearth/health',
    '/_hearth%2fhealth',
    '//_hearth/health',
    '/./_hearth/health',
    '/x/../_hearth/health',
    '/x/%2e%2e/_hearth/health',
    '/_hearth/artifacts/../health',
    '/_hearth/code/%2e%2e/health/x',
    '/_hearth/artifacts',
    '/_hearth/artifacts/',
    '/_hearth/code/../../x',
    '\\_hearth',
    '/\\_hearth/health',
    '*',
    'http://127.0.0.1/_hearth/health',
    'http://example.com/',
    'example.com:443',
    '/%E0%A4%A',
    '',
  ])('%s is not', (target) => {
    expect(isForFunctions(target)).toBe(false);
  });
});
