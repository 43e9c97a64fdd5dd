import { matchesText, takeComparator, takeComparison } from './comparison.js';
import type { MessageFilter } from './filter-pattern.js';
import { PatternScanner } from './scanner.js';

type Condition = (columns: readonly string[]) => boolean;

interface Column {
  name?: string;
  condition?: (column: string) => boolean;
}

/**
 * `[ip, user, ..., status = 4*, bytes > 1000]`: the message has as many columns, `...` standing for any number, and they match. Columns are
 * separated by space; what stands in quotes or brackets is one.
 * @throws ServiceError
 */
export function columnsFilter(text: string): MessageFilter {
  const scanner = new PatternScanner(text);
  const columns: (Column | 'any')[] = [];
  scanner.expect('[');
  do columns.push(takeColumn(scanner));
  while (scanner.take(','));
  scanner.expect(']');
  scanner.skipSpace();
  const gap = columns.indexOf('any');
  if (!scanner.ended || gap !== columns.lastIndexOf('any')) throw scanner.invalid();
  const named = columns.filter((column) => column !== 'any');
  const condition: Condition = (found) => {
    if (gap < 0 ? found.length !== named.length : found.length < named.length) return false;
    const skipped = found.length - named.length;
    return named.every(({ condition: accepts }, place) => accepts === undefined || accepts(found[gap >= 0 && place >= gap ? place + skipped : place]!));
  };
  return (message) => condition(columnsOf(message));
}

/** `name`, `name = value`, `name = a || name = b`, `...`, or nothing. */
function takeColumn(scanner: PatternScanner): Column | 'any' {
  if (scanner.take('...')) return 'any';
  scanner.skipSpace();
  const column: Column = { name: takeName(scanner) };
  if (column.name !== undefined) column.condition = takeConditions(scanner, column.name);
  return column;
}

/** Conditions of one column; each names it, and `&&` binds more than `||`. */
function takeConditions(scanner: PatternScanner, name: string): Column['condition'] {
  const alternatives: ((column: string) => boolean)[][] = [[]];
  for (;;) {
    const comparator = takeComparator(scanner);
    if (comparator === undefined) {
      // A name alone says nothing; after a connective it is half a condition.
      if (alternatives.length > 1 || alternatives[0]!.length > 0) throw scanner.invalid();
      return undefined;
    }
    const comparison = takeComparison(scanner, comparator, /[^\s",[\]&|=<>!()]+/uy);
    alternatives.at(-1)!.push((column) => matchesText(comparison, column));
    if (scanner.take('||')) alternatives.push([]);
    else if (!scanner.take('&&')) return (column) => alternatives.some((all) => all.every((accepts) => accepts(column)));
    scanner.skipSpace();
    if (takeName(scanner) !== name) throw scanner.invalid();
  }
}

function takeName(scanner: PatternScanner): string | undefined {
  return scanner.takeMatch(/[\p{L}\p{N}_*-]+/uy);
}

function columnsOf(message: string): string[] {
  return [...message.trim().matchAll(/"([^"]*)"|\[([^\]]*)\]|\S+/g)].map(([whole, quoted, bracketed]) => quoted ?? bracketed ?? whole);
}
