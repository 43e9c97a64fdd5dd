import { httpAnswer } from './url-response.js';

const answer = (value: unknown) => {
  const mapped = httpAnswer(Buffer.from(JSON.stringify(value)));
  return mapped && { ...mapped, body: mapped.body.toString('latin1') };
};
const json = { 'Content-Type': 'application/json' };

describe('what a function returns becomes an HTTP answer', () => {
  it.each([
    ['an object without statusCode', { a: 1 }, '{"a":1}'],
    ['a string', 'hello', 'hello'],
    ['a number', 42, '42'],
    ['a boolean', true, 'true'],
    ['an array', [1, 'a'], '[1,"a"]'],
    ['null', null, 'null'],
  ])('%s: 200 as JSON', (_what, value, body) => {
    expect(answer(value)).toEqual({ status: 200, headers: json, cookies: [], body });
  });

  it('structured: status, headers of any scalar, cookies, text body', () => {
    expect(answer({ statusCode: 201, headers: { 'x-n': 7, 'X-B': false, 'content-type': 'text/plain', 'x-null': null }, cookies: ['a=1; Secure', 'b=2'], body: 'hi' })).toEqual({
      status: 201,
      headers: { 'x-n': '7', 'X-B': 'false', 'content-type': 'text/plain' },
      cookies: ['a=1; Secure', 'b=2'],
      body: 'hi',
    });
    expect(answer({ statusCode: '404' })).toEqual({ status: 404, headers: json, cookies: [], body: '' });
  });

  it('structured: base64 body', () => {
    expect(answer({ statusCode: 200, isBase64Encoded: true, headers: { 'content-type': 'image/png' }, body: Buffer.of(0, 255, 10).toString('base64') })).toMatchObject({ body: '\0\xff\n' });
  });

  it('headers of the connection are not the function’s to set', () => {
    expect(answer({ statusCode: 200, headers: { 'Content-Length': '1', 'Transfer-Encoding': 'chunked', Connection: 'close' }, body: 'abc' })).toMatchObject({ headers: json, body: 'abc' });
  });

  it.each([
    ['a status that is none', { statusCode: 99 }],
    ['a status that would not end the exchange', { statusCode: 101 }],
    ['a status of another type', { statusCode: true }],
    ['a body that is no string', { statusCode: 200, body: { a: 1 } }],
    ['headers that are a list', { statusCode: 200, headers: ['a'] }],
    ['a header that is an object', { statusCode: 200, headers: { a: {} } }],
    ['a header name with a blank', { statusCode: 200, headers: { 'a b': '1' } }],
    ['a header that would end the head', { statusCode: 200, headers: { a: '1\r\nSet-Cookie: x=1' } }],
    ['a cookie that would end the head', { statusCode: 200, cookies: ['a=1\r\nx: y'] }],
    ['cookies that are a string', { statusCode: 200, cookies: 'a=1' }],
    ['isBase64Encoded that is a string', { statusCode: 200, isBase64Encoded: 'true' }],
  ])('malformed: %s', (_what, value) => {
    expect(answer(value)).toBeUndefined();
  });

  it('malformed: bytes that are no JSON', () => {
    expect(httpAnswer(Buffer.from('plain'))).toBeUndefined();
    expect(httpAnswer(Buffer.from('"\xff"', 'latin1'))).toBeUndefined();
    expect(httpAnswer(new Uint8Array(0))).toBeUndefined();
  });
});
