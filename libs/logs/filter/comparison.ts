import type { Automaton } from './automaton.js';
import type { PatternScanner } from './scanner.js';

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** What a field of a message is compared with. */
export interface Comparison {
  comparator: Comparator;
  /** Text with `*` for anything. */
  text: string;
  /** Instead of the text: it matches somewhere in the field. */
  expression?: Automaton;
  /** Set when the text is a number and was not quoted. */
  number?: number;
}

const COMPARATORS: readonly Comparator[] = ['!=', '<=', '>=', '=', '<', '>'];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

export function takeComparator(scanner: PatternScanner): Comparator | undefined {
  return COMPARATORS.find((comparator) => scanner.take(comparator));
}

/** @throws ServiceError */
export function takeComparison(scanner: PatternScanner, comparator: Comparator, unquoted: RegExp): Comparison {
  scanner.skipSpace();
  const expression = scanner.takeExpression();
  if (expression !== undefined) {
    if (comparator !== '=' && comparator !== '!=') throw scanner.invalid();
    return { comparator, text: '', expression };
  }
  const quoted = scanner.takeQuoted();
  if (quoted !== undefined) {
    if (comparator !== '=' && comparator !== '!=') throw scanner.invalid();
    return { comparator, text: quoted };
  }
  const text = scanner.takeMatch(unquoted);
  if (text === undefined) throw scanner.invalid();
  const number = NUMBER.test(text) ? Number(text) : undefined;
  if (number === undefined && comparator !== '=' && comparator !== '!=') throw scanner.invalid();
  return { comparator, text, number };
}

export function matchesText(comparison: Comparison, value: string): boolean {
  const { comparator, number } = comparison;
  return number !== undefined && NUMBER.test(value) ? compareNumbers(comparator, Number(value), number) : looksLike(comparison, value);
}

export function matchesNumber(comparison: Comparison, value: number): boolean {
  const { comparator, number } = comparison;
  return number !== undefined ? compareNumbers(comparator, value, number) : looksLike(comparison, String(value));
}

function looksLike({ comparator, text, expression }: Comparison, value: string): boolean {
  const same = expression === undefined ? matchesWildcard(text, value) : expression.test(value);
  return comparator === '=' ? same : comparator === '!=' ? !same : false;
}

function compareNumbers(comparator: Comparator, value: number, with_: number): boolean {
  switch (comparator) {
    case '=':
      return value === with_;
    case '!=':
      return value !== with_;
    case '<':
      return value < with_;
    case '<=':
      return value <= with_;
    case '>':
      return value > with_;
    case '>=':
      return value >= with_;
  }
}

/** `*` stands for anything. The parts between are found from left to right, which takes linear time and needs no going back. */
export function matchesWildcard(pattern: string, value: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === value;
  const first = parts.shift()!;
  const last = parts.pop()!;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  const end = value.length - last.length;
  let at = first.length;
  for (const part of parts) {
    const found = value.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
