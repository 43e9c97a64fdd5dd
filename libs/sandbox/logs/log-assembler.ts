const LINE_FEED = 0x0a;
/** A record longer than this is cut into several: the stores behind take no larger ones. */
export const MAX_LINE_BYTES = 256 * 1024;

/**
 * Cuts a byte stream into records. A line feed ends a record (runtime-api.md section 1.4); carriage returns inside stay,
 * which is how runtimes keep a stack trace in one record. Bytes that are no UTF-8 become U+FFFD.
 */
export class LogAssembler {
  private pieces: Buffer[] = [];
  private size = 0;

  constructor(private readonly onLine: (text: string) => void) {}

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.append(chunk.subarray(start, end));
      this.emit();
      start = end + 1;
    }
    if (start < chunk.length) this.append(chunk.subarray(start));
  }

  /** What was printed without a line feed becomes a record too. */
  flush(): void {
    if (this.size > 0) this.emit();
  }

  private append(bytes: Buffer): void {
    let rest = bytes;
    while (this.size + rest.length > MAX_LINE_BYTES) {
      const fits = MAX_LINE_BYTES - this.size;
      this.keep(rest.subarray(0, fits));
      this.emit();
      rest = rest.subarray(fits);
    }
    this.keep(rest);
  }

  private keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.pieces.push(bytes);
    this.size += bytes.length;
  }

  private emit(): void {
    const line = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces, this.size);
    this.pieces = [];
    this.size = 0;
    this.onLine(line.toString('utf8'));
  }
}
