import { sameKind, type EmberKind } from '../ember.js';

/** Starts within this time count as simultaneous: so many embers would have served them. */
const WINDOW_MS = 10_000;
/** What was not started for so long is not wanted any more. */
const MEMORY_MS = 1_800_000;

interface Demand {
  kind: EmberKind;
  windowAt: number;
  inWindow: number;
  /** The most starts of one window, and when that was. */
  peak: number;
  peakAt: number;
  lastAt: number;
}

/** Which embers to hold, by the starts of the last half hour. */
export class EmberDemand {
  private readonly demands: Demand[] = [];

  /** @param standing one of each is wanted whether it was asked for or not */
  constructor(
    private readonly max: number,
    private readonly standing: readonly EmberKind[] = [],
  ) {}

  /** A sandbox of this kind is being started, from an ember or not. Times are epoch ms. */
  note(kind: EmberKind, now: number): void {
    let demand = this.demands.find((one) => sameKind(one.kind, kind));
    if (demand === undefined)
      this.demands.push((demand = { kind, windowAt: now, inWindow: 0, peak: 0, peakAt: now, lastAt: now }));
    if (now - demand.windowAt >= WINDOW_MS) Object.assign(demand, { windowAt: now, inWindow: 0 });
    demand.inWindow += 1;
    demand.lastAt = now;
    if (demand.inWindow >= demand.peak || now - demand.peakAt > MEMORY_MS)
      Object.assign(demand, { peak: demand.inWindow, peakAt: now });
  }

  /** As many as it has places; every kind gets one before one gets its second, those asked for last first. */
  wanted(now: number): EmberKind[] {
    for (let index = this.demands.length - 1; index >= 0; index--)
      if (now - this.demands[index]!.lastAt > MEMORY_MS) this.demands.splice(index, 1);
    const asked = [...this.demands].sort((a, b) => b.lastAt - a.lastAt).map(({ kind, peak }) => ({ kind, count: peak }));
    const idle = this.standing
      .filter((kind) => !asked.some((one) => sameKind(one.kind, kind)))
      .map((kind) => ({ kind, count: 1 }));
    const all = [...asked, ...idle];
    const wanted: EmberKind[] = [];
    for (let round = 1; wanted.length < this.max && all.some(({ count }) => count >= round); round++) {
      for (const { kind, count } of all) if (count >= round && wanted.length < this.max) wanted.push(kind);
    }
    return wanted;
  }
}
