import { randomBytes } from 'node:crypto';

/** The parts of `X-Amzn-Trace-Id: Root=1-8HEX-24HEX;Parent=16HEX;Sampled=0|1[;Lineage=...]` (spec/invoke.md 1). */
export interface TraceHeader {
  /** 32 hex digits: the root without its version and dashes, which is the OpenTelemetry trace id. */
  traceId: string;
  /** 16 hex digits. */
  parentId?: string;
  /** Absent when the sender leaves the decision to us. */
  sampled?: boolean;
}

const ROOT = /(?:^|;)\s*Root=1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})(?=;|$|\s)/;
const PARENT = /(?:^|;)\s*Parent=([0-9a-fA-F]{16})(?=;|$|\s)/;
const SAMPLED = /(?:^|;)\s*Sampled=([01])(?=;|$|\s)/;

/** @returns undefined when the header has no valid root */
export function parseTraceHeader(text: string | undefined): TraceHeader | undefined {
  const root = text === undefined ? null : ROOT.exec(text);
  if (root === null) return undefined;
  const parent = PARENT.exec(text as string)?.[1]?.toLowerCase();
  const sampled = SAMPLED.exec(text as string)?.[1];
  return {
    traceId: `${root[1]}${root[2]}`.toLowerCase(),
    ...(parent === undefined || /^0+$/.test(parent) ? {} : { parentId: parent }),
    ...(sampled === undefined ? {} : { sampled: sampled === '1' }),
  };
}

// Random bytes are drawn in blocks: one call to the generator for 256 ids keeps ids off the warm path's bill.
const BLOCK_BYTES = 12 * 256;
let block = '';
let offset = 0;

/** A new root for a request that came without one: `Root=1-SECONDS-RANDOM`. The sampling decision is left to the tracer. */
export function makeTraceHeader(nowMs: number): string {
  if (offset >= block.length) {
    block = randomBytes(BLOCK_BYTES).toString('hex');
    offset = 0;
  }
  const random = block.slice(offset, (offset += 24));
  return `Root=1-${Math.floor(nowMs / 1000).toString(16).padStart(8, '0')}-${random}`;
}
