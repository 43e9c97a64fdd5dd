import type { MessageFilter } from './filter-pattern.js';
import { PatternScanner } from './scanner.js';

/**
 * Terms, separated by space: all must be in the message, of those with `?` one, of those with `-` none. A term with `?` beside others that
 * must be there says nothing, as at AWS. Letters in the case given; a term is a whole word or phrase of the message, or a regular expression that matches
 * somewhere in it.
 * @throws ServiceError
 */
export function termsFilter(text: string): MessageFilter {
  const scanner = new PatternScanner(text);
  const required: MessageFilter[] = [];
  const excluded: MessageFilter[] = [];
  const optional: MessageFilter[] = [];
  for (scanner.skipSpace(); !scanner.ended; scanner.skipSpace()) {
    const terms = scanner.take('?') ? optional : scanner.take('-') ? excluded : required;
    terms.push(termOf(scanner));
  }
  return (message) => {
    if (!required.every((matches) => matches(message)) || excluded.some((matches) => matches(message))) return false;
    return required.length > 0 || optional.length === 0 || optional.some((matches) => matches(message));
  };
}

function termOf(scanner: PatternScanner): MessageFilter {
  const expression = scanner.takeExpression();
  if (expression !== undefined) return (message) => expression.test(message);
  const quoted = scanner.takeQuoted();
  if (quoted !== undefined) return (message) => contains(message, quoted);
  // Other than letters and digits must be quoted; these stand in words of logs so often that refusing them would help nobody.
  const word = scanner.takeMatch(/[\p{L}\p{N}_.:/@#=-]+/uy);
  if (word === undefined) throw scanner.invalid();
  return (message) => contains(message, word);
}

/** Whether the term stands in the message, neither beginning nor ending inside a word. */
function contains(message: string, term: string): boolean {
  if (term === '') return true;
  const boundBefore = isWord(term, 0);
  const boundAfter = isWord(term, term.length - 1);
  for (let at = message.indexOf(term); at >= 0; at = message.indexOf(term, at + 1)) {
    if (!(boundBefore && isWord(message, at - 1)) && !(boundAfter && isWord(message, at + term.length))) return true;
  }
  return false;
}

function isWord(text: string, at: number): boolean {
  return /[\p{L}\p{N}]/u.test(text[at] ?? '');
}
