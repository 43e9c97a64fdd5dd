/** X-Amz-Log-Result carries the last 4 KB (invoke.md section 1). */
export const TAIL_BYTES = 4 * 1024;

/** The end of one invocation's log. Holds little more than it gives. */
export class LogTail {
  private lines: string[] = [];
  /** Characters, of which each is at least one byte. */
  private size = 0;

  add(line: string): void {
    this.lines.push(line);
    this.size += line.length + 1;
    while (this.lines.length > 1 && this.size - this.lines[0]!.length - 1 >= TAIL_BYTES) this.size -= this.lines.shift()!.length + 1;
  }

  /** Every record ends with a line feed. Never begins inside a character. */
  bytes(): Buffer {
    if (this.lines.length === 0) return Buffer.alloc(0);
    const whole = Buffer.from(`${this.lines.join('\n')}\n`, 'utf8');
    let start = Math.max(0, whole.length - TAIL_BYTES);
    while (start > 0 && start < whole.length && (whole[start]! & 0xc0) === 0x80) start += 1;
    return whole.subarray(start);
  }
}
