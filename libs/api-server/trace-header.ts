import { makeTraceHeader, parseTraceHeader } from '@hearth/telemetry';

const MAX_LENGTH = 8_192;
const VISIBLE_ASCII = /^[\x20-\x7e]+$/;

/**
 * X-Amzn-Trace-Id as passed on to the function: the caller's when it is one, else a new one (spec/invoke.md 1).
 * @param nowMs milliseconds since the epoch
 */
export function traceHeader(given: string | string[] | undefined, nowMs: number): string {
  const usable = typeof given === 'string' && given.length <= MAX_LENGTH && VISIBLE_ASCII.test(given) && parseTraceHeader(given) !== undefined;
  return usable ? given : makeTraceHeader(nowMs);
}

/** X-Amzn-Trace-Id of the answer: `Root=...;Sampled=...`. */
export function answeredTraceHeader(header: string): string {
  if (!header.includes(';')) return header;
  return header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith('Root=') || part.startsWith('Sampled='))
    .join(';');
}
