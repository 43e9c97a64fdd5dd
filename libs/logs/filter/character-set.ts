/** Which of the ASCII characters, and in the last place whether all others, are in a set: 1 or 0. */
export type CharacterSet = Uint8Array;

/** Characters beyond ASCII count as one: no expression names any of them. */
export const OTHERS = 128;

export function charactersOf(ranges: readonly (readonly [from: number, to: number])[]): CharacterSet {
  const set = new Uint8Array(OTHERS + 1);
  for (const [from, to] of ranges) set.fill(1, Math.min(from, OTHERS), Math.min(to, OTHERS) + 1);
  return set;
}

export function singleCharacter(code: number): CharacterSet {
  return charactersOf([[code, code]]);
}

export function complement(set: CharacterSet): CharacterSet {
  return set.map((member) => 1 - member);
}

export function union(one: CharacterSet, other: CharacterSet): CharacterSet {
  return one.map((member, code) => member | other[code]!);
}

const rangesOf = (text: string): [number, number][] => [...text.matchAll(/(.)-(.)/gs)].map(([, from, to]) => [from!.charCodeAt(0), to!.charCodeAt(0)]);

export const DIGITS = charactersOf(rangesOf('0-9'));
export const WORD = charactersOf(rangesOf('0-9A-Z_-_a-z'));
export const SPACES = charactersOf(rangesOf('\t-\r - '));
/** Any character but the end of a line. */
export const ANY = complement(singleCharacter('\n'.charCodeAt(0)));

/** Characters that no expression tells apart. @returns the number of the class of each ASCII character and of the others */
export function classesOf(sets: readonly CharacterSet[]): { classOf: Uint8Array; count: number } {
  const known = new Map<string, number>();
  const classOf = new Uint8Array(OTHERS + 1);
  for (let code = 0; code <= OTHERS; code++) {
    const key = sets.map((set) => set[code]).join('');
    if (!known.has(key)) known.set(key, known.size);
    classOf[code] = known.get(key)!;
  }
  return { classOf, count: known.size };
}
