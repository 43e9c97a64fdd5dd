import fc from 'fast-check';
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

describe('a regular expression', () => {
  it.each([
    ['%AUTHORIZED%', '[ERROR 401] UNAUTHORIZED REQUEST', true],
    ['%AUTHORIZED%', 'authorized', false],
    ['%^[hc]at%', 'hat', true],
    ['%^[hc]at%', 'the hat', false],
    ['%[hc]at$%', 'the hat\n', true],
    ['%[hc]at$%', 'hats', false],
    ['%colou?r%', 'the colour', true],
    ['%colou?r%', 'the color', true],
    ['%colou?r%', 'the colouur', false],
    ['%[abcx-z]1%', 'y1', true],
    ['%[abcx-z]1%', 'd1', false],
    ['%^[^0-9]+$%', 'no digits', true],
    ['%^[^0-9]+$%', 'digit 1', false],
    ['%^a{3,5}$%', 'aaaa', true],
    ['%^a{3,5}$%', 'aaaaaa', false],
    ['%^a{3,5}$%', 'aa', false],
    ['%^a{2}$%', 'aa', true],
    ['%^a{2}$%', 'aaa', false],
    ['%^a{2,}$%', 'aaaaaaa', true],
    ['%gra(e|a)y%', '', 'refused'],
    ['%gray|grey%', 'a grey day', true],
    ['%gray|grey%', 'a groy day', false],
    ['%10\\.10\\.0\\.1%', 'from 10.10.0.1', true],
    ['%10\\.10\\.0\\.1%', 'from 10x10x0x1', false],
    ['%^ab*c$%', 'ac', true],
    ['%^ab*c$%', 'abbbc', true],
    ['%^ab+c$%', 'ac', false],
    ['%^ab+c$%', 'abbc', true],
    ['%^.at$%', ' at', true],
    ['%^.at$%', 'at', false],
    ['%.\\n%', '', 'refused'],
    ['%a.b%', 'a\nb', false],
    ['%\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}%', 'ip=192.168.12.1 x', true],
    ['%^\\w+\\s\\S+$%', 'word #+!', true],
    ['%\\W%', 'word', false],
    ['%\\D%', '123', false],
    ['%\\x41\\x42%', 'xABx', true],
    ['%[\\d_-]{4}%', 'a1_-2', true],
    ['%^[.$]+$%', '$..', true],
    ['%\\[ERROR\\]%', '[ERROR] no', true],
    ['%^.$%', 'ü', true],
    ['%ERROR% -%timeout%', 'ERROR refused', true],
    ['%ERROR% -%timeout%', 'ERROR timeout', false],
    ['?%a1% ?%b1%', 'xb1', true],
    ['%Error .* 5\\d\\d%', 'Error at 12:00 502', true],
    ['{ $.ip = %^10\\.\\d+% }', '{"ip":"10.2.3.4"}', true],
    ['{ $.ip = %^10\\.\\d+% }', '{"ip":"110.2.3.4"}', false],
    ['{ $.ip != %^10\\.\\d+% }', '{"ip":"110.2.3.4"}', true],
    ['{ $.status = %^5% && $.path = %/api/% }', '{"status":503,"path":"/v1/api/x"}', true],
    ['[ip = %^127\\.%, ..., status = %^[45]\\d\\d$%, bytes]', '127.0.0.1 - "GET /" 404 12', true],
    ['[ip = %^127\\.%, ..., status = %^[45]\\d\\d$%, bytes]', '127.0.0.1 - "GET /" 200 12', false],
  ])('%s on %j: %s', (pattern, message, expected) => {
    if (expected === 'refused') expect(() => filterOf(pattern)).toThrow(expect.objectContaining({ code: 'InvalidParameterException' }));
    else expect(matches(pattern, message)).toBe(expected);
  });

  it.each(['%%', '%open', '%something!%', '%(a)%', '%[a%', '%[]%', '%[z-a]%', '%a{2,1}%', '%a{%', '%a{x}%', '%*a%', '%a**%', '%\\q%', '%\\x4%', '%a\\%', '%a{500}%', '%ü%', '%a% %b% %c%', '{ $.a > %1% }', '{ $.a = %1% && $.b = %2% && $.c = %3% }'])(
    'is refused when it is not in the dialect, or one too many: %s',
    (pattern) => {
      expect(() => filterOf(pattern)).toThrow(expect.objectContaining({ code: 'InvalidParameterException', message: 'Invalid filter pattern' }));
    },
  );

  it('means what it means to JavaScript', () => {
    const atom = fc.oneof(
      fc.constantFrom('a', 'b', '.', '\\d', '\\w', '[ab]', '[^a]', '[a-c1]', '\\s', 'c', '1', '\\.', ' '),
      fc.constantFrom('a', 'b').map((letter) => `${letter}`),
    );
    const repeated = fc.tuple(atom, fc.constantFrom('', '', '?', '*', '+', '{2}', '{1,2}', '{0,1}', '{2,}')).map((parts) => parts.join(''));
    const sequence = fc.tuple(fc.constantFrom('', '', '^'), fc.array(repeated, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '', '$')).map(([begin, middle, end]) => begin + middle.join('') + end);
    const expression = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((alternatives) => alternatives.join('|'));
    const message = fc.array(fc.constantFrom('a', 'b', 'c', '1', ' ', '.', 'x'), { maxLength: 12 }).map((characters) => characters.join(''));
    fc.assert(
      fc.property(expression, message, (text, value) => {
        expect(matches(`%${text}%`, value)).toBe(new RegExp(text).test(value));
      }),
      { numRuns: 5_000 },
    );
  });
});

it('takes linear time', () => {
  const filter = filterOf(`{ $.a = "${'*a'.repeat(400)}*b" }`)!;
  const begin = performance.now();
  expect(filter(JSON.stringify({ a: 'a'.repeat(500_000) }))).toBe(false);
  expect(filterOf('"aaaaaaaaaaaaaaaaaaaaaaab"')!('a'.repeat(500_000))).toBe(false);
  expect(performance.now() - begin).toBeLessThan(1_000);
});

it.each(['%a[ab]{120}c%', '%a[ab]{50}c|b[ab]{90}c%', '%a*a*a*a*a*a*a*a*c%', '%[ab]*[ab]*[ab]*[ab]*c%', '%a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaac%'])('takes linear time for the expression %s', (pattern) => {
  let seed = 1;
  const letter = () => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) > 2 ** 30 ? 'a' : 'b');
  const text = Array.from({ length: 262_144 }, letter).join('');
  const filter = filterOf(pattern)!;
  const begin = performance.now();
  expect(filter(text)).toBe(false);
  expect(performance.now() - begin).toBeLessThan(3_000);
});
