import type { ServiceError } from '@hearth/kernel';
import { invalidParameter } from '../errors.js';
import { Automaton } from './automaton.js';
import { parseExpression } from './regular-expression.js';

/** AWS allows 1,024 characters; groups of groups are bounded so that no pattern exhausts the stack. */
const MAX_DEPTH = 64;
const MAX_EXPRESSIONS = 2;

/** Reads a pattern from left to right. */
export class PatternScanner {
  private at = 0;
  private depth = 0;
  private expressions = 0;

  constructor(private readonly text: string) {}

  skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  /** Without space before it. */
  isNext(character: string): boolean {
    return this.text[this.at] === character;
  }

  /** Takes the token if it comes next, after space. */
  take(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.invalid();
  }

  /** Takes a keyword in either case that ends where a word ends. */
  takeWord(word: string): boolean {
    this.skipSpace();
    const found = this.text.slice(this.at, this.at + word.length);
    if (found.toUpperCase() !== word || /[A-Za-z0-9_]/.test(this.text[this.at + word.length] ?? '')) return false;
    this.at += word.length;
    return true;
  }

  /** Takes what matches here, a sticky expression. */
  takeMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const [found] = expression.exec(this.text) ?? [];
    if (found === undefined || found === '') return undefined;
    this.at += found.length;
    return found;
  }

  /** Takes `"..."`, in which a backslash stands before a quote or a backslash. */
  takeQuoted(): string | undefined {
    if (!this.isNext('"')) return undefined;
    let value = '';
    for (let at = this.at + 1; at < this.text.length; at++) {
      const character = this.text[at]!;
      if (character === '"') {
        this.at = at + 1;
        return value;
      }
      value += character === '\\' && (this.text[at + 1] === '"' || this.text[at + 1] === '\\') ? this.text[++at]! : character;
    }
    throw this.invalid();
  }

  /** Takes `%...%`. @throws ServiceError when it is no regular expression, or the third */
  takeExpression(): Automaton | undefined {
    if (!this.isNext('%')) return undefined;
    const end = this.text.indexOf('%', this.at + 1);
    if (end < 0 || ++this.expressions > MAX_EXPRESSIONS) throw this.invalid();
    const text = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    try {
      return new Automaton(parseExpression(text));
    } catch {
      throw this.invalid(); // There is nothing more to say than that.
    }
  }

  /** Runs `read` one level deeper. */
  nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw this.invalid();
    const value = read();
    this.depth -= 1;
    return value;
  }

  invalid(): ServiceError {
    return invalidParameter('Invalid filter pattern');
  }
}
