import { columnsFilter } from './columns-pattern.js';
import { jsonFilter } from './json-pattern.js';
import { termsFilter } from './terms-pattern.js';

/** Whether a log message matches. Takes time linear in the message. */
export type MessageFilter = (message: string) => boolean;

/**
 * Reads a filter pattern of CloudWatch Logs: terms, `{ JSON conditions }` or `[columns]`.
 * @returns undefined for a pattern that matches everything
 * @throws ServiceError InvalidParameterException for what is no pattern; NotImplementedException for regular expressions
 */
export function filterOf(pattern: string | undefined): MessageFilter | undefined {
  const text = pattern?.trim() ?? '';
  if (text === '' || text === '""' || text === '" "') return undefined;
  if (text.startsWith('{')) return jsonFilter(text);
  if (text.startsWith('[')) return columnsFilter(text);
  return termsFilter(text);
}
