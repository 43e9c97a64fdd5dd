import { randomBytes } from 'node:crypto';

const MARK_RANDOM_BYTES = 12;

/**
 * Whose turn the bytes of a log belong to, when a runtime begins the next event before the worker has seen the answer to the one before.
 * The runtime writes the mark when it begins such an event; what comes after it is kept until `next`.
 */
export class LogTurns {
  /** No function prints this by chance; one that does on purpose disturbs its own log only. */
  readonly mark = `\0${randomBytes(MARK_RANDOM_BYTES).toString('hex')}\n`;
  private readonly bytes = Buffer.from(this.mark, 'latin1');
  /** What came after marks that are ahead of the worker, by turn. */
  private readonly later: Buffer[][] = [];
  /** Turns that the worker began before it saw their mark. */
  private unseen = 0;
  /** The begin of what may be a mark. */
  private rest: Buffer | undefined;

  constructor(private readonly onBytes: (bytes: Buffer) => void) {}

  push(chunk: Buffer): void {
    let bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = undefined;
    for (let at = bytes.indexOf(this.bytes); at >= 0; at = bytes.indexOf(this.bytes)) {
      this.take(bytes.subarray(0, at));
      if (this.unseen > 0) this.unseen -= 1;
      else this.later.push([]);
      bytes = bytes.subarray(at + this.bytes.length);
    }
    const held = this.beginOfMark(bytes);
    if (held > 0) this.rest = Buffer.from(bytes.subarray(bytes.length - held));
    this.take(bytes.subarray(0, bytes.length - held));
  }

  /** Nothing more was written so far: what looked like the begin of a mark is none, since marks are written whole. */
  flush(): void {
    const { rest } = this;
    this.rest = undefined;
    if (rest !== undefined) this.take(rest);
  }

  /** The worker has seen the answer: the turn of the next event, which was sent ahead. */
  next(): void {
    const first = this.later.shift();
    if (first === undefined) this.unseen += 1;
    else for (const bytes of first) this.onBytes(bytes);
  }

  private take(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const turn = this.later.at(-1);
    if (turn === undefined) this.onBytes(bytes);
    else turn.push(bytes);
  }

  /** How many of the last bytes might become a mark. */
  private beginOfMark(bytes: Buffer): number {
    const nul = bytes.lastIndexOf(0);
    const length = bytes.length - nul;
    return nul >= 0 && length < this.bytes.length && this.bytes.subarray(0, length).equals(bytes.subarray(nul)) ? length : 0;
  }
}
