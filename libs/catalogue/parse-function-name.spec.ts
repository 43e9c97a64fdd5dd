import { parseFunctionReference } from './parse-function-name.js';

const place = { region: 'us-east-1', accountId: '123456789012' };
const arn = 'arn:aws:lambda:us-east-1:123456789012:function:my-fn';

describe('function names', () => {
  it.each([
    ['my-fn', undefined],
    ['my-fn:live', 'live'],
    ['my-fn:3', '3'],
    ['my-fn:$LATEST', '$LATEST'],
    ['function:my-fn', undefined],
    ['123456789012:function:my-fn', undefined],
    ['123456789012:function:my-fn:live', 'live'],
    ['us-east-1:123456789012:function:my-fn', undefined],
    ['us-east-1:123456789012:function:my-fn:7', '7'],
    [arn, undefined],
    [`${arn}:live`, 'live'],
    [`${arn}:$LATEST`, '$LATEST'],
  ])('reads %s', (text, qualifier) => {
    expect(parseFunctionReference(text, undefined, place)).toEqual({
      accountId: '123456789012',
      region: 'us-east-1',
      name: 'my-fn',
      arn: qualifier === undefined ? arn : `${arn}:${qualifier}`,
      ...(qualifier === undefined ? {} : { qualifier }),
    });
  });

  it('takes the qualifier of the query', () => {
    expect(parseFunctionReference('my-fn', '2', place)).toMatchObject({ qualifier: '2', arn: `${arn}:2` });
  });

  it('accepts the same qualifier twice and refuses two different ones', () => {
    expect(parseFunctionReference('my-fn:live', 'live', place).qualifier).toBe('live');
    expect(() => parseFunctionReference('my-fn:live', '2', place)).toThrow(
      expect.objectContaining({ code: 'InvalidParameterValueException', status: 400, message: 'The derived qualifier from the function name does not match the specified qualifier.' }),
    );
  });

  it('refuses a function of another region as not found', () => {
    expect(() => parseFunctionReference(arn.replace('us-east-1', 'eu-west-1'), undefined, place)).toThrow(
      expect.objectContaining({ code: 'ResourceNotFoundException', status: 404, message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')" }),
    );
  });

  it('refuses a function of another account as denied', () => {
    expect(() => parseFunctionReference('999999999999:function:my-fn', undefined, { ...place, action: 'lambda:GetFunction' })).toThrow(
      expect.objectContaining({ code: 'AccessDeniedException', status: 403, message: expect.stringContaining('not authorized to perform: lambda:GetFunction on resource: arn:aws:lambda:us-east-1:999999999999:function:my-fn') }),
    );
  });

  it('refuses a name over 64 characters with the text of the function service', () => {
    const long = 'a'.repeat(65);
    expect(() => parseFunctionReference(long, undefined, place)).toThrow(
      expect.objectContaining({
        code: 'InvalidParameterValueException',
        message: `1 validation error detected: Value '${long}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
      }),
    );
  });

  it.each(['', 'a b', 'a:b:c:d', 'arn:aws:s3:::x', 'my-fn:', ':my-fn', 'a/b', 'ä'.repeat(300)])('refuses %j, which is none of the forms', (text) => {
    expect(() => parseFunctionReference(text, undefined, place)).toThrow(expect.objectContaining({ code: 'ValidationException', status: 400 }));
  });
});
