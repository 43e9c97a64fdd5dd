import { matchesNumber, matchesText, takeComparator, takeComparison, type Comparison } from './comparison.js';
import type { MessageFilter } from './filter-pattern.js';
import { PatternScanner } from './scanner.js';

type Condition = (message: unknown) => boolean;
/** Members by name, elements by number. */
type Selector = (string | number)[];

/**
 * `{ $.a.b[0] = "x*" && ($.c > 3 || $.d IS NULL) }`: conditions on the members of a message that is a JSON object. Other messages do not match.
 * @throws ServiceError
 */
export function jsonFilter(text: string): MessageFilter {
  const scanner = new PatternScanner(text);
  scanner.expect('{');
  const condition = anyOf(scanner);
  scanner.expect('}');
  scanner.skipSpace();
  if (!scanner.ended) throw scanner.invalid();
  return (message) => {
    const value = parsed(message);
    return value !== undefined && condition(value);
  };
}

function parsed(message: string): object | undefined {
  if (!/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message) as object;
  } catch {
    return undefined; // A message that only looks like JSON is one that does not match.
  }
}

/** `&&` binds more than `||`. */
function anyOf(scanner: PatternScanner): Condition {
  const conditions = [allOf(scanner)];
  while (scanner.take('||')) conditions.push(allOf(scanner));
  return conditions.length === 1 ? conditions[0]! : (message) => conditions.some((condition) => condition(message));
}

function allOf(scanner: PatternScanner): Condition {
  const conditions = [single(scanner)];
  while (scanner.take('&&')) conditions.push(single(scanner));
  return conditions.length === 1 ? conditions[0]! : (message) => conditions.every((condition) => condition(message));
}

function single(scanner: PatternScanner): Condition {
  if (scanner.take('(')) {
    const condition = scanner.nested(() => anyOf(scanner));
    scanner.expect(')');
    return condition;
  }
  const selector = takeSelector(scanner);
  const select = (message: unknown) => selector.reduce<unknown>(memberOf, message);
  if (scanner.takeWord('IS')) {
    if (scanner.takeWord('NULL')) return (message) => select(message) === null;
    if (scanner.takeWord('TRUE')) return (message) => select(message) === true;
    if (scanner.takeWord('FALSE')) return (message) => select(message) === false;
    throw scanner.invalid();
  }
  if (scanner.takeWord('NOT')) {
    if (!scanner.takeWord('EXISTS')) throw scanner.invalid();
    return (message) => select(message) === undefined;
  }
  const comparator = takeComparator(scanner);
  if (comparator === undefined) throw scanner.invalid();
  const comparison = takeComparison(scanner, comparator, /[^\s"(){}&|=<>!]+/uy);
  return (message) => matches(comparison, select(message));
}

/** A member that is not there, an object or a list matches no comparison, not even `!=`. */
function matches(comparison: Comparison, value: unknown): boolean {
  if (typeof value === 'number') return matchesNumber(comparison, value);
  if (typeof value === 'string') return matchesText(comparison, value);
  return typeof value === 'boolean' && matchesText(comparison, String(value));
}

function memberOf(value: unknown, key: string | number): unknown {
  if (typeof key === 'number') return Array.isArray(value) ? value[key] : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** `$.name`, `$.name.other[3]`, `$['any name']` */
function takeSelector(scanner: PatternScanner): Selector {
  scanner.expect('$');
  const selector: Selector = [];
  for (;;) {
    if (scanner.isNext('.')) {
      scanner.expect('.');
      if (scanner.isNext('[')) continue;
      const name = scanner.takeMatch(/[\p{L}\p{N}_@$-]+/uy);
      if (name === undefined) throw scanner.invalid();
      selector.push(name);
    } else if (scanner.isNext('[')) {
      scanner.expect('[');
      const name = scanner.takeMatch(/'[^']+'|"[^"]+"/uy);
      const index = name === undefined ? scanner.takeMatch(/\d{1,9}/uy) : undefined;
      if (name !== undefined) selector.push(name.slice(1, -1));
      else if (index !== undefined) selector.push(Number(index));
      else throw scanner.invalid();
      scanner.expect(']');
    } else {
      if (selector.length === 0) throw scanner.invalid();
      return selector;
    }
  }
}
