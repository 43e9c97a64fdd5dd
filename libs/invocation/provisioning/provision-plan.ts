/* Which host holds how many sandboxes. Pure. */

export interface Demand {
  key: string;
  memoryMb: number;
  count: number;
}

export interface PlannedHost {
  id: string;
  maxSandboxes: number;
  memoryMb: number;
  held: readonly { key: string; count: number; ready: number }[];
}

export interface ProvisionPlan {
  /** By host, then by key. Every host is there. */
  counts: Map<string, Map<string, number>>;
  /** By key: for how many there is no room. */
  unplaced: Map<string, number>;
}

interface Room {
  id: string;
  sandboxes: number;
  memoryMb: number;
  /** Of memory at the start. */
  total: number;
}

/**
 * Hosts keep what they hold, those with ready sandboxes first; what is missing goes where most memory is free. Demands that come first are served
 * first. Sandboxes made on demand do not count: they give way.
 */
export function planProvision(demands: readonly Demand[], hosts: readonly PlannedHost[]): ProvisionPlan {
  const counts = new Map(hosts.map(({ id }) => [id, new Map<string, number>()]));
  const rooms = new Map(hosts.map(({ id, maxSandboxes, memoryMb }): [string, Room] => [id, { id, sandboxes: maxSandboxes, memoryMb, total: memoryMb }]));
  const missing = new Map(demands.map(({ key, count }) => [key, count]));
  const give = (room: Room, { key, memoryMb }: Demand, wanted: number): number => {
    const number = Math.max(0, Math.min(wanted, room.sandboxes, Math.floor(room.memoryMb / memoryMb)));
    if (number === 0) return 0;
    room.sandboxes -= number;
    room.memoryMb -= number * memoryMb;
    const held = counts.get(room.id)!;
    held.set(key, (held.get(key) ?? 0) + number);
    missing.set(key, missing.get(key)! - number);
    return number;
  };
  for (const demand of demands) {
    const holders = hosts.flatMap(({ id, held }) => held.filter(({ key }) => key === demand.key).map(({ count, ready }) => ({ id, count, ready })));
    for (const { id, count } of holders.sort((a, b) => b.ready - a.ready)) give(rooms.get(id)!, demand, Math.min(count, missing.get(demand.key)!));
  }
  for (const demand of demands) {
    while (missing.get(demand.key)! > 0) {
      const [emptiest] = [...rooms.values()].filter((room) => room.sandboxes > 0 && room.memoryMb >= demand.memoryMb).sort((a, b) => b.memoryMb / b.total - a.memoryMb / a.total);
      if (emptiest === undefined || give(emptiest, demand, 1) === 0) break;
    }
  }
  return { counts, unplaced: new Map([...missing].filter(([, count]) => count > 0)) };
}
