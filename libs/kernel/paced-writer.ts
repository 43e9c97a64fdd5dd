import type { Writable } from 'node:stream';

/** Writes no faster than the other side takes it. What it cannot be given any more, because it has gone away or the end was written, is dropped. */
export class PacedWriter {
  private draining: Promise<void> | undefined;

  constructor(private readonly target: Writable) {}

  /** @returns a promise when its source should pause, which settles when more is welcome or nobody wants it any more */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const { target } = this;
    if (target.destroyed || target.writableEnded) return undefined;
    if (target.write(bytes)) return undefined;
    this.draining ??= new Promise((resolve) => {
      const settle = (): void => {
        this.draining = undefined;
        target.off('drain', settle).off('close', settle);
        resolve();
      };
      target.on('drain', settle).on('close', settle);
    });
    return this.draining;
  }
}
