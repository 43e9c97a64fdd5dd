import { columnsFilter } from './columns-pattern.js';
import { jsonFilter } from './json-pattern.js';
import { termsFilter } from './terms-pattern.js';

/** Whether a log message matches, without the end of its line. Takes time linear in the message. */
export type MessageFilter = (message: string) => boolean;

/**
 * Reads a filter pattern of CloudWatch Logs: terms, `{ JSON conditions }` or `[columns]`; `%regular expressions%` in all of them.
 * @returns undefined for a pattern that matches everything
 * @throws ServiceError InvalidParameterException for what is no pattern
 */
export function filterOf(pattern: string | undefined): MessageFilter | undefined {
  const text = pattern?.trim() ?? '';
  if (text === '' || text === '""' || text === '" "') return undefined;
  const filter = text.startsWith('{') ? jsonFilter(text) : text.startsWith('[') ? columnsFilter(text) : termsFilter(text);
  // `$` is the end of what was printed.
  return (message) => filter(message.endsWith('\n') ? message.slice(0, -1) : message);
}
