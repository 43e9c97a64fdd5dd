import { filterOf } from './filter-pattern.js';

function matches(pattern: string, message: string): boolean {
  return filterOf(pattern)?.(message) ?? true;
}

describe('a filter pattern of terms', () => {
  it.each(['', '  ', '""', '" "'])('matches everything when it is %j', (pattern) => {
    expect(filterOf(pattern)).toBeUndefined();
  });

  it.each([
    ['ERROR', '[ERROR 400] BAD REQUEST', true],
    ['ERROR', '[error 400] BAD REQUEST', false],
    ['ERROR', 'ERRORS', false],
    ['ERROR ARGUMENTS', '[ERROR 419] MISSING ARGUMENTS', true],
    ['ERROR ARGUMENTS', '[ERROR 400] BAD REQUEST', false],
    ['?ERROR ?ARGUMENTS', '[ERROR 400] BAD REQUEST', true],
    ['?ERROR ?ARGUMENTS', 'MISSING ARGUMENTS', true],
    ['?ERROR ?ARGUMENTS', 'fine', false],
    ['?ERROR REQUEST', 'REQUEST', true],
    ['"INTERNAL SERVER ERROR"', '[ERROR 500] INTERNAL SERVER ERROR', true],
    ['"INTERNAL SERVER ERROR"', 'SERVER INTERNAL ERROR', false],
    ['ERROR -ARGUMENTS', '[ERROR 419] MISSING ARGUMENTS', false],
    ['ERROR -ARGUMENTS', '[ERROR 400] BAD REQUEST', true],
    ['ERROR -"BAD REQUEST"', '[ERROR 400] BAD REQUEST', false],
    ['-ERROR', 'fine', true],
    ['"a \\"quoted\\" word"', 'has a "quoted" word', true],
    ['REPORT RequestId', 'REPORT RequestId: 1\tDuration: 2 ms', true],
    ['6f1e2a3b-0c4d', 'END RequestId: 6f1e2a3b-0c4d', true],
    ['grüße', 'viele grüße!', true],
    ['2', 'Duration: 2.31 ms', true],
  ])('%s on %s: %s', (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });
});

describe('a filter pattern of JSON conditions', () => {
  const message = JSON.stringify({ eventType: 'UpdateTrail', sourceIPAddress: '111.111.111.111', arrayKey: ['value', 'another'], objectList: [{ name: 'a', id: 1 }, { id: 2 }], SomeObject: null, ThisFlag: true, bytes: 1200, version: '3', 'odd name': 'x' });
  it.each([
    ['{ $.eventType = "UpdateTrail" }', true],
    ['{$.eventType=UpdateTrail}', true],
    ['{ $.eventType = "Update*" }', true],
    ['{ $.eventType = "*date*il" }', true],
    ['{ $.eventType = "pdate*" }', false],
    ['{ $.sourceIPAddress != 123.123.* }', true],
    ['{ $.sourceIPAddress = 111.111.* }', true],
    ['{ $.arrayKey[0] = "value" }', true],
    ['{ $.objectList[1].id = 2 }', true],
    ['{ $.objectList[0].id > 1 }', false],
    ['{ $.SomeObject IS NULL }', true],
    ['{ $.missing IS NULL }', false],
    ['{ $.SomeOtherObject NOT EXISTS }', true],
    ['{ $.SomeObject NOT EXISTS }', false],
    ['{ $.ThisFlag IS TRUE }', true],
    ['{ $.ThisFlag is false }', false],
    ['{ $.missing != 3 }', false],
    ['{ $.bytes >= 1.2e3 && $.bytes <= 1200 }', true],
    ['{ $.version < 4 }', true],
    ["{ $['odd name'] = x }", true],
    ['{ ($.eventType = "x") || ($.bytes = 1200 && $.ThisFlag IS TRUE) }', true],
    ['{ $.eventType = "x" || $.bytes = 1200 && $.ThisFlag IS FALSE }', false],
    ['{ ($.eventType = "UpdateTrail" || $.bytes = 1) && $.ThisFlag IS FALSE }', false],
  ])('%s: %s', (pattern, expected) => {
    expect(matches(pattern, `${message}\n`)).toBe(expected);
  });

  it.each(['START RequestId: 1', '{not json', '"text"', '', '{"__proto__":1}'])('does not match the message %j', (text) => {
    expect(matches('{ $.a = "*" }', text)).toBe(false);
    expect(matches('{ $.constructor.name = "*" }', text)).toBe(false);
  });
});

describe('a filter pattern of columns', () => {
  const message = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 404 1534';
  it.each([
    ['[ip, user, username, timestamp, request, status_code, bytes > 1000]', true],
    ['[ip, user, username, timestamp, request, status_code, bytes > 2000]', false],
    ['[ip, user, username, timestamp, request, status_code = 4*, bytes]', true],
    ['[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]', false],
    ['[ip, user, username, timestamp, request = "GET *", status_code != 200, bytes]', true],
    ['[..., status_code = 404, bytes]', true],
    ['[ip, ..., bytes = 1534]', true],
    ['[ip, ...]', true],
    ['[ip, user]', false],
    ['[ip = 10.* || ip = 127.*, ...]', true],
    ['[ip, user, username, timestamp, request, status_code > 400 && status_code < 404, bytes]', false],
    ['[,,,,,, bytes = 1534]', true],
    ['[a, b, c, d, e, f, g, h, ...]', false],
  ])('%s: %s', (pattern, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });
});

it.each(['{ $.a }', '{ $.a = }', '{ a = 1 }', '{ $.a = 1', '{ $.a = 1 } x', '{ $.a > "x" }', '{ $.a > x }', '{ ($.a = 1 }', '[a, b', '[a > x]', '[a = 1 || b = 2]', '[..., a, ...]', '"open', '-', '?', 'a && b', `{ ${'('.repeat(100)}`])(
  'refuses %s',
  (pattern) => {
    expect(() => filterOf(pattern)).toThrow(expect.objectContaining({ code: 'InvalidParameterException' }));
  },
);

it.each(['%ERROR%', '{ $.a = %4.*% }', '[a = %4.*%]', 'a -%b%'])('says that it does not support regular expressions: %s', (pattern) => {
  expect(() => filterOf(pattern)).toThrow(expect.objectContaining({ code: 'NotImplementedException', message: 'Hearth does not support regular expressions (%...%) in filter patterns of CloudWatch Logs yet.' }));
});

it('takes linear time', () => {
  const filter = filterOf(`{ $.a = "${'*a'.repeat(400)}*b" }`)!;
  const begin = performance.now();
  expect(filter(JSON.stringify({ a: 'a'.repeat(500_000) }))).toBe(false);
  expect(filterOf('"aaaaaaaaaaaaaaaaaaaaaaab"')!('a'.repeat(500_000))).toBe(false);
  expect(performance.now() - begin).toBeLessThan(1_000);
});
