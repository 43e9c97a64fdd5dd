/**
 * Regular expressions in the dialect of CloudWatch Logs filter patterns (AWS: "Supported regular expressions (regex) syntax"), without JavaScript's
 * engine, which takes exponential time for some of them: letters and digits, the characters `: _ # = @ / ; , -` and space, and
 * `^ $ ? * + {m,n} [...] | . \d \D \s \S \w \W \xhh \` before any other character. There are no groups, so an expression is a list of alternatives, each a
 * sequence of characters with a number of times.
 */
import { ANY, type CharacterSet, charactersOf, complement, DIGITS, singleCharacter, SPACES, union, WORD } from './character-set.js';

/** What may come next in a match. */
export type Step =
  /** One character of the set. */
  | { kind: 'character'; set: CharacterSet }
  /** Nothing, at the beginning or the end of the text. */
  | { kind: 'begin' | 'end' }
  /** Goes on at the next step or at another one. */
  | { kind: 'either'; other: number }
  | { kind: 'goto'; to: number }
  | { kind: 'match' };

export interface Expression {
  /** Each goes on at the one after it, unless it says otherwise. */
  steps: readonly Step[];
  /** First steps of the alternatives. */
  starts: readonly number[];
}

/** Steps of an expression, repetitions written out: what a character costs at most. */
const MAX_STEPS = 256;
const LITERAL = /^[A-Za-z0-9:_#=@/;, -]$/;
const CLASSES: Readonly<Record<string, CharacterSet>> = { d: DIGITS, D: complement(DIGITS), s: SPACES, S: complement(SPACES), w: WORD, W: complement(WORD) };

/** @throws Error when it is none */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const steps: Step[] = [];
  const starts: number[] = [];
  do {
    starts.push(steps.length);
    parser.alternative(steps);
    steps.push({ kind: 'match' });
  } while (parser.take('|'));
  if (!parser.ended || text === '') throw invalid();
  return { steps, starts };
}

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  alternative(steps: Step[]): void {
    while (!this.ended && this.text[this.at] !== '|') {
      if (this.take('^')) steps.push({ kind: 'begin' });
      else if (this.take('$')) steps.push({ kind: 'end' });
      else repeat(steps, this.single(), this.times());
      if (steps.length > MAX_STEPS) throw invalid();
    }
  }

  private single(): CharacterSet {
    if (this.take('.')) return ANY;
    if (this.take('[')) return this.characterClass();
    return this.literal();
  }

  /** A character or a class with a backslash. */
  private literal(): CharacterSet {
    if (this.take('\\')) return this.escaped();
    const character = this.text[this.at++] ?? '';
    if (!LITERAL.test(character)) throw invalid();
    return singleCharacter(character.charCodeAt(0));
  }

  private escaped(): CharacterSet {
    const character = this.text[this.at++] ?? '';
    const named = Object.hasOwn(CLASSES, character) ? CLASSES[character] : undefined;
    if (named !== undefined) return named;
    if (character === 'x') {
      const code = /^[0-9A-Fa-f]{2}/.exec(this.text.slice(this.at))?.[0];
      if (code === undefined) throw invalid();
      this.at += 2;
      return singleCharacter(parseInt(code, 16));
    }
    // A backslash takes the meaning from what has one. Letters and digits have none, or one that is not known here.
    if (!/^[!-/:-@[-`{-~]$/.test(character)) throw invalid();
    return singleCharacter(character.charCodeAt(0));
  }

  private characterClass(): CharacterSet {
    const negated = this.take('^');
    const sets: CharacterSet[] = [];
    while (!this.take(']')) {
      if (this.ended) throw invalid();
      const from = this.member();
      // A minus at the end is itself.
      if (this.text[this.at] !== '-' || this.text[this.at + 1] === ']') sets.push(from.set);
      else {
        this.at += 1;
        const to = this.member();
        if (from.code === undefined || to.code === undefined || to.code < from.code) throw invalid();
        sets.push(charactersOf([[from.code, to.code]]));
      }
    }
    if (sets.length === 0) throw invalid();
    const set = sets.reduce(union);
    return negated ? complement(set) : set;
  }

  /** In brackets operators are characters. @returns `code` unless it is a class such as `\d` */
  private member(): { set: CharacterSet; code?: number } {
    const begin = this.at;
    const isOperator = /^[$?{}|*+.^]$/.test(this.text[this.at] ?? '');
    const set = isOperator ? singleCharacter(this.text.charCodeAt(this.at++)) : this.literal();
    if (/^\\[dDsSwW]/.test(this.text.slice(begin))) return { set };
    return { set, code: set.indexOf(1) };
  }

  /** @throws Error for a count that is none */
  private times(): { least: number; most: number } {
    if (this.take('?')) return { least: 0, most: 1 };
    if (this.take('*')) return { least: 0, most: Infinity };
    if (this.take('+')) return { least: 1, most: Infinity };
    if (this.text[this.at] !== '{') return { least: 1, most: 1 };
    const [whole, least, comma, most] = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.text.slice(this.at))?.slice(0, 4) ?? [];
    if (whole === undefined) throw invalid();
    this.at += whole.length;
    const count = { least: Number(least), most: comma === undefined ? Number(least) : comma === ',' ? Infinity : Number(most) };
    if (count.most < count.least) throw invalid();
    return count;
  }
}

function repeat(steps: Step[], set: CharacterSet, { least, most }: { least: number; most: number }): void {
  const character: Step = { kind: 'character', set };
  if (least + (most === Infinity ? 0 : most) > MAX_STEPS) throw invalid();
  for (let count = 0; count < least; count++) steps.push(character);
  if (most === Infinity) {
    const loop = steps.length;
    steps.push({ kind: 'either', other: loop + 3 }, character, { kind: 'goto', to: loop });
    return;
  }
  const end = steps.length + (most - least) * 2;
  for (let count = least; count < most; count++) steps.push({ kind: 'either', other: end }, character);
}

function invalid(): Error {
  return new Error('Invalid regular expression');
}
