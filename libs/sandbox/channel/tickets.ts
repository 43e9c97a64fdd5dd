import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

const TICKET_BYTES = 4;

/** FIFOs for tickets in a sandbox's directory; as many events may be ahead of their turn. */
export const TICKET_SLOTS = ['ticket0', 'ticket1', 'ticket2', 'ticket3', 'ticket4', 'ticket5'] as const;

/** Where a permission lies. Numbers are never used twice, slots are. */
export interface Ticket {
  slot: number;
  /** Unsigned, 32 bits. */
  number: number;
}

/**
 * Permissions to begin events that were sent ahead, each in a FIFO of its own that worker and runtime both read. The kernel gives a ticket to one
 * of them: an event is either begun by the runtime or taken back by the worker, never both.
 */
export class Tickets {
  private readonly fds: number[] = [];
  private readonly free = TICKET_SLOTS.map((_, slot) => slot);
  private readonly buffer = Buffer.alloc(TICKET_BYTES);
  private last = 0;

  /** @param paths of the FIFOs, opened when the first ticket is laid down: most sandboxes need none */
  constructor(private readonly paths: readonly string[]) {}

  get slots(): number {
    return this.paths.length;
  }

  /** Lays a new ticket down. @returns undefined when all slots are in use */
  put(): Ticket | undefined {
    const slot = this.free.pop();
    if (slot === undefined) return undefined;
    // Reading and writing: they neither block nor end.
    if (this.fds.length === 0) this.fds.push(...this.paths.map((path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK)));
    const ticket = { slot, number: (this.last = (this.last + 1) >>> 0) };
    this.buffer.writeUInt32BE(ticket.number, 0);
    writeSync(this.fds[slot]!, this.buffer);
    return ticket;
  }

  /** @returns whether it was still there: the event does not begin. Otherwise it has begun or is about to. */
  takeBack({ slot }: Ticket): boolean {
    try {
      readSync(this.fds[slot]!, this.buffer, 0, TICKET_BYTES, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
    this.release({ slot });
    return true;
  }

  /** The event with this ticket is answered: the slot is free again. */
  release({ slot }: Pick<Ticket, 'slot'>): void {
    this.free.push(slot);
  }

  close(): void {
    for (const fd of this.fds.splice(0)) closeSync(fd);
  }
}
