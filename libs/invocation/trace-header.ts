/**
 * A trace header for a call that came without one (spec/invoke.md 1: passed on, made if missing). The random part is the
 * request id's, which is unique already.
 * @param requestId UUID
 */
export function traceHeaderFor(requestId: string, nowMs: number): string {
  const hex = requestId.replaceAll('-', '');
  const seconds = Math.floor(nowMs / 1_000).toString(16).padStart(8, '0');
  return `Root=1-${seconds}-${hex.slice(8)};Parent=${hex.slice(0, 16)};Sampled=0`;
}
