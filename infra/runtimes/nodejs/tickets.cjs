'use strict';
const { constants, existsSync, openSync, readSync } = require('node:fs');
const { join } = require('node:path');

const TICKET_BYTES = 4;

/** Permissions to begin events that the worker sent ahead; it may take each back as long as it has not been taken here. */
class Tickets {
  /** A worker that lays no tickets down sends nothing ahead. */
  usable;
  #directory;
  #fds = [];
  /** By slot: a ticket of a later event, which lay there when an earlier one's had been taken back. */
  #held = [];
  #buffer = Buffer.alloc(TICKET_BYTES);

  /** @param directory with the FIFOs `ticketN` */
  constructor(directory) {
    this.#directory = directory;
    this.usable = existsSync(join(directory, 'ticket0'));
  }

  /** @returns whether the event with this ticket may begin */
  take({ slot, number }) {
    this.#held[slot] ??= this.#read(slot);
    if (this.#held[slot] !== number) return false;
    this.#held[slot] = undefined;
    return true;
  }

  #read(slot) {
    this.#fds[slot] ??= openSync(join(this.#directory, `ticket${slot}`), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      readSync(this.#fds[slot], this.#buffer, 0, TICKET_BYTES, null);
    } catch (error) {
      if (error.code === 'EAGAIN') return undefined;
      throw error;
    }
    return this.#buffer.readUInt32BE(0);
  }
}

module.exports = { Tickets };
