import { isFilterPattern } from './filter-pattern.js';

describe('a filter pattern', () => {
  it.each([
    '{"body":{"status":["paid",1,true,null]}}',
    '{"data":{"a":[{"prefix":"x"},{"suffix":"y"},{"exists":false}]}}',
    '{"data":{"n":[{"numeric":[">",0,"<=",5]}],"m":[{"numeric":["=",1]}]}}',
    '{"data":{"a":[{"anything-but":["x","y"]}],"b":[{"anything-but":{"prefix":"z"}}],"c":[{"equals-ignore-case":"q"}]}}',
    '{"$or":[{"a":["x"]},{"b":{"c":["y"]}}]}',
  ])('%s is one', (text) => expect(isFilterPattern(text)).toBe(true));

  it.each(['', 'x', '[]', '{}', '"a"', '{"a":"x"}', '{"a":[]}', '{"a":{}}', '{"a":[["x"]]}', '{"a":[{"unknown":"x"}]}', '{"a":[{"prefix":1}]}', '{"a":[{"numeric":["~",1]}]}', '{"a":[{"exists":"yes"}]}', '{"$or":[{"a":["x"]}]}', `${'{"a":'.repeat(200)}["x"]${'}'.repeat(200)}`])(
    '%s is none',
    (text) => expect(isFilterPattern(text)).toBe(false),
  );
});
