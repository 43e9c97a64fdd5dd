import { decodePageMarker, encodePageMarker } from '@hearth/kernel';
import { arnOf, type ExecutionRecord } from './execution-record.js';
import { STATE_PAGE_BYTES, STATE_PAGE_OPERATIONS } from './limits.js';
import { pageOf, replayed } from './replay-state.js';
import type { DurableStore } from './store.js';
import { executionOperation, shownOperation, type TimeForm } from './wire-shapes.js';

export interface StatePage {
  Operations: Record<string, unknown>[];
  NextMarker?: string;
}

/**
 * What a replay needs to know, a page of it. The first operation of all is the execution itself, with the caller's payload.
 * @throws ServiceError InvalidParameterValueException for text that is no marker
 */
export async function statePage(store: DurableStore, execution: ExecutionRecord, marker: string | undefined, maxItems: number | undefined, time: TimeForm): Promise<StatePage> {
  const position = decodePageMarker(marker, 1)?.[0];
  const after = position === undefined ? 0 : Number(position);
  const limit = Math.min(maxItems || STATE_PAGE_OPERATIONS, STATE_PAGE_OPERATIONS);
  const input = after === 0 ? ((await store.payloads(execution.id))?.input ?? '') : undefined;
  const outlines = replayed(await store.outlines(execution.id)).filter(({ ordinal }) => ordinal > after);
  const room = input === undefined ? limit : limit - 1;
  const { page, more } = room === 0 ? { page: [], more: outlines.length > 0 } : pageOf(outlines, { operations: room, bytes: STATE_PAGE_BYTES }, Buffer.byteLength(input ?? ''));
  const arn = arnOf(execution);
  const shown = (await store.operations(execution.id, page.map(({ id }) => id))).map((operation) => shownOperation(operation, arn, time));
  return {
    Operations: input === undefined ? shown : [executionOperation(execution, input, time), ...shown],
    ...(more && { NextMarker: encodePageMarker([String(page.at(-1)?.ordinal ?? 0)]) }),
  };
}
