/** Which operations a replay is told of, and in which pages. Pure. */
import { hasEnded, type Operation } from './operation.js';

export type OperationOutline = Pick<Operation, 'id' | 'ordinal' | 'parentId' | 'type' | 'status' | 'replayChildren'> & { /** Of result and error. */ bytes: number };

/** What an ended context did inside is not run again, so it need not be told: unless it asked for that. */
export function replayed(outlines: readonly OperationOutline[]): OperationOutline[] {
  const byId = new Map(outlines.map((outline) => [outline.id, outline]));
  const hidden = new Map<string, boolean>();
  const isHidden = (outline: OperationOutline): boolean => {
    const known = hidden.get(outline.id);
    if (known !== undefined) return known;
    hidden.set(outline.id, false); // A parent that is its own ancestor must not loop.
    const parent = outline.parentId === undefined ? undefined : byId.get(outline.parentId);
    const answer = parent !== undefined && ((parent.type === 'CONTEXT' && hasEnded(parent) && !parent.replayChildren) || isHidden(parent));
    hidden.set(outline.id, answer);
    return answer;
  };
  return outlines.filter((outline) => !isHidden(outline));
}

/** The members around a payload, roughly. */
const ENVELOPE_BYTES = 300;

/**
 * @param spentBytes what else is on the page
 * @returns as many as fit, at least one; `more` when some are left
 */
export function pageOf(outlines: readonly OperationOutline[], limits: { operations: number; bytes: number }, spentBytes: number): { page: OperationOutline[]; more: boolean } {
  let bytes = spentBytes;
  let count = 0;
  for (const outline of outlines) {
    bytes += outline.bytes + ENVELOPE_BYTES;
    if (count >= limits.operations || (bytes > limits.bytes && count > 0)) break;
    count++;
  }
  return { page: outlines.slice(0, count), more: count < outlines.length };
}
