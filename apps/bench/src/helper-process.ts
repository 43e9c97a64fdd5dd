import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BullOrder } from './bullmq-side.js';
import type { LoadOrder, LoadResult } from './load-client.js';

function start(file: string): ChildProcess {
  return fork(join(import.meta.dirname, file), [], { execArgv: [], env: { PATH: process.env.PATH } });
}

export interface BareServer {
  port: number;
  pid: number;
  stop(): void;
}

export async function startBareServer(): Promise<BareServer> {
  const child = start('bare-server.js');
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { port: message.port, pid: child.pid!, stop: () => child.disconnect() };
}

/** A process that takes orders and answers each with one result. */
class Helper<Order extends object, Result> {
  private readonly child: ChildProcess;

  constructor(file: string) {
    this.child = start(file);
  }

  async run(order: Order): Promise<Result> {
    const answer = once(this.child, 'message') as Promise<[{ result?: Result; error?: string }]>;
    this.child.send(order);
    const [{ result, error }] = await answer;
    if (result === undefined) throw new Error(error);
    return result;
  }

  stop(): void {
    this.child.disconnect();
  }
}

export class LoadClient extends Helper<LoadOrder, LoadResult> {
  constructor() {
    super('load-client.js');
  }
}

export class BullSide extends Helper<BullOrder, number> {
  constructor() {
    super('bullmq-side.js');
  }
}
