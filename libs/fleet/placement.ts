/**
 * Which worker runs an invocation. Pure. Order: workers with a free sandbox that is provisioned for it, then those with a free
 * warm one, the least loaded first; then workers with
 * room, by rendezvous hashing of the sandbox key, so that every control plane sends a function to the same few hosts without
 * asking anybody; then full workers, the least loaded first (they queue).
 */
export interface Candidate {
  id: string;
  /** Most invocations at a time. */
  capacity: number;
  /** Invocations that run there, as far as known. */
  running: number;
  /** Idle sandboxes of this function version, as far as known. */
  warmFree: number;
  /** Free sandboxes that are held for such invocations, as far as known. */
  provisionedFree?: number;
}

export function place<C extends Candidate>(candidates: readonly C[], sandboxKey: string): C[] {
  return candidates
    .map((candidate) => ({ candidate, tier: tierOf(candidate), load: candidate.running / candidate.capacity, rank: rendezvous(sandboxKey, candidate.id) }))
    .sort((a, b) => a.tier - b.tier || (a.tier === 2 ? b.rank - a.rank : a.load - b.load) || b.rank - a.rank)
    .map(({ candidate }) => candidate);
}

function tierOf(candidate: Candidate): 0 | 1 | 2 | 3 {
  if ((candidate.provisionedFree ?? 0) > 0) return 0;
  if (candidate.warmFree > 0) return 1;
  return candidate.running < candidate.capacity ? 2 : 3;
}

/** FNV-1a over both texts with a final mix, so that similar ids spread. */
function rendezvous(key: string, id: string): number {
  let hash = 0x811c9dc5;
  for (const text of [key, '\0', id]) {
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
