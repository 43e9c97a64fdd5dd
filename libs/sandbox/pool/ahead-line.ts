import { InfrastructureError } from '@hearth/kernel';
import type { ChannelAnswer, ChannelEvent, RuntimeChannel } from '../channel/runtime-channel.js';

interface Ahead {
  id: string;
  /** performance.now() */
  since: number;
  begin(): void;
  giveUp(): void;
}

/** Events on their way to a runtime that still serves others (docs/decisions/0028). */
export class AheadLine {
  private readonly line: Ahead[] = [];

  get length(): number {
    return this.line.length;
  }

  /**
   * @returns once its turn has come, what answers it; undefined when it was taken back, or the sandbox ended before it began
   * @throws InfrastructureError when the sandbox ended while it ran, for a reason of another invocation
   */
  send(channel: RuntimeChannel, event: ChannelEvent): Promise<{ answered: Promise<ChannelAnswer> } | undefined> {
    const answered = channel.sendAhead!(event);
    return new Promise((resolve, reject) => {
      const ahead: Ahead = { id: event.id, since: performance.now(), begin: () => resolve({ answered }), giveUp: () => resolve(undefined) };
      this.line.push(ahead);
      void answered.then((answer) => {
        const index = this.line.indexOf(ahead);
        if (index < 0 || answer.kind !== 'closed') return;
        this.line.splice(index, 1);
        if (answer.undelivered) resolve(undefined);
        else reject(new InfrastructureError('The sandbox was ended while the invocation ran in it'));
      });
    });
  }

  /** The invocation before is over: the next event has begun. @returns false when there is none */
  giveTurn(): boolean {
    const next = this.line.shift();
    next?.begin();
    return next !== undefined;
  }

  /** Takes back events that were sent before a time (performance.now()) and have not begun. */
  takeBack(channel: RuntimeChannel, before: number): void {
    for (const ahead of this.line.filter(({ since, id }) => since <= before && channel.takeBack!(id))) {
      this.line.splice(this.line.indexOf(ahead), 1);
      ahead.giveUp();
    }
  }
}
