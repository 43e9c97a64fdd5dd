/*
 * Wildcard patterns of policies: `*` matches any run of characters, `?` exactly one (a UTF-16 code unit; ARNs and action names are
 * ASCII). A pattern is compiled once and never becomes a regular expression.
 *
 * Cost: the pieces between the stars are looked for from left to right, each behind the one before, so that a text is read once
 * per pattern and never again from the start.
 * 1. A piece without `?` is looked for with String.indexOf, which V8 answers in linear time (it falls back to Boyer-Moore).
 * 2. A piece with `?` is looked for with Shift-And: one step per character of the text and 32 characters of the piece.
 */

/** A `*` in a pattern. */
export const ANY_RUN: unique symbol = Symbol('*');
/** A `?` in a pattern. */
export const ANY_ONE: unique symbol = Symbol('?');
/** Literal text, `*` or `?`. */
export type PatternPart = string | typeof ANY_RUN | typeof ANY_ONE;

/** Counts what matching costs, in characters looked at (per 32 characters of a piece with `?`). */
export interface Meter {
  steps: number;
}

export class Wildcard {
  private readonly prefix: Piece;
  private readonly middle: readonly Piece[];
  /** Missing when the pattern has no star: then the prefix is all there is. */
  private readonly suffix: Piece | undefined;
  private readonly minLength: number;

  constructor(parts: readonly PatternPart[]) {
    const pieces = splitAtRuns(parts);
    this.minLength = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.prefix = pieces[0]!;
    this.suffix = pieces.length > 1 ? pieces.at(-1) : undefined;
    this.middle = pieces.slice(1, -1).filter((piece) => piece.length > 0);
  }

  matches(text: string, meter?: Meter): boolean {
    if (meter !== undefined) meter.steps += 1;
    if (text.length < this.minLength) return false;
    if (this.suffix === undefined) return text.length === this.minLength && this.prefix.isAt(text, 0, meter);
    if (!this.prefix.isAt(text, 0, meter)) return false;
    const end = text.length - this.suffix.length;
    if (!this.suffix.isAt(text, end, meter)) return false;
    let at = this.prefix.length;
    for (const piece of this.middle) {
      const found = piece.find(text, at, meter);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  }
}

/** What stands between two stars. */
class Piece {
  readonly length: number;
  /** The whole piece when it has no `?`. */
  private readonly literal: string | undefined;
  /** The texts between the `?`, each with its offset. */
  private readonly texts: readonly (readonly [offset: number, text: string])[];
  private shiftAnd: ShiftAnd | undefined;

  constructor(parts: readonly (string | typeof ANY_ONE)[]) {
    const texts: [number, string][] = [];
    let length = 0;
    for (const part of parts) {
      if (part !== ANY_ONE) texts.push([length, part]);
      length += part === ANY_ONE ? 1 : part.length;
    }
    this.length = length;
    this.texts = texts;
    this.literal = texts.length === parts.length ? texts.map(([, text]) => text).join('') : undefined;
  }

  isAt(text: string, at: number, meter?: Meter): boolean {
    if (meter !== undefined) meter.steps += this.length;
    for (const [offset, expected] of this.texts) if (!text.startsWith(expected, at + offset)) return false;
    return true;
  }

  /** @returns where the piece first stands at or behind `from`; -1: nowhere */
  find(text: string, from: number, meter?: Meter): number {
    if (this.literal === undefined)
      return this.texts.length === 0 ? from : (this.shiftAnd ??= new ShiftAnd(this.length, this.texts)).find(text, from, meter);
    const found = text.indexOf(this.literal, from);
    if (meter !== undefined) meter.steps += (found < 0 ? text.length : found + this.length) - from;
    return found;
  }
}

const WORD_BITS = 32;

/** Where the characters of the piece under search may stand, by character; all zero between searches. One table saves one per piece. */
const positions = new Int32Array(65_536);

/** Search for a text with gaps (Baeza-Yates and Gonnet): bit i of the state says that the piece's first i + 1 characters end here. */
class ShiftAnd {
  private readonly words: number;
  /** Per character of the piece: at which positions it stands. */
  private readonly masks = new Map<number, Int32Array>();
  /** The positions of `?`, where every character may stand. */
  private readonly gaps: Int32Array;

  constructor(
    private readonly length: number,
    texts: readonly (readonly [number, string])[],
  ) {
    this.words = Math.ceil(length / WORD_BITS);
    this.gaps = new Int32Array(this.words).fill(-1);
    for (const [offset, text] of texts) {
      for (let i = 0; i < text.length; i += 1) {
        const [word, bit] = [(offset + i) >>> 5, 1 << ((offset + i) & 31)];
        const code = text.charCodeAt(i);
        let mask = this.masks.get(code);
        if (mask === undefined) this.masks.set(code, (mask = new Int32Array(this.words)));
        mask[word]! |= bit;
        this.gaps[word]! &= ~bit;
      }
    }
  }

  find(text: string, from: number, meter?: Meter): number {
    const found = this.words === 1 ? this.findShort(text, from) : this.findLong(text, from);
    if (meter !== undefined) meter.steps += ((found < 0 ? text.length : found + this.length) - from) * this.words;
    return found;
  }

  private findShort(text: string, from: number): number {
    for (const [code, mask] of this.masks) positions[code] = mask[0]!;
    const last = 1 << (this.length - 1);
    const gaps = this.gaps[0]!;
    let state = 0;
    let at = from;
    for (; at < text.length; at += 1) {
      state = ((state << 1) | 1) & (gaps | positions[text.charCodeAt(at)]!);
      if ((state & last) !== 0) break;
    }
    for (const code of this.masks.keys()) positions[code] = 0;
    return at < text.length ? at - this.length + 1 : -1;
  }

  private findLong(text: string, from: number): number {
    const { words, gaps } = this;
    const state = new Int32Array(words);
    const last = 1 << ((this.length - 1) & 31);
    for (let at = from; at < text.length; at += 1) {
      const mask = this.masks.get(text.charCodeAt(at));
      let carry = 1;
      for (let word = 0; word < words; word += 1) {
        const old = state[word]!;
        state[word] = ((old << 1) | carry) & (mask === undefined ? gaps[word]! : gaps[word]! | mask[word]!);
        carry = old >>> 31;
      }
      if ((state[words - 1]! & last) !== 0) return at - this.length + 1;
    }
    return -1;
  }
}

function splitAtRuns(parts: readonly PatternPart[]): Piece[] {
  const pieces: (string | typeof ANY_ONE)[][] = [[]];
  for (const part of parts) {
    if (part === ANY_RUN) pieces.push([]);
    else if (part !== '') pieces.at(-1)!.push(part);
  }
  return pieces.map((piece) => new Piece(piece));
}
