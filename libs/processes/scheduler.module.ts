import type { Invocation, RunningScheduler } from '@hearth/invocation';
import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { INVOCATION } from './tokens.js';

/** Dispatch of accepted events, retries and reconciliation. Any number of processes may run it. */
@Module({})
export class SchedulerModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private running: RunningScheduler | undefined;

  constructor(@Inject(INVOCATION) private readonly invocation: Invocation) {}

  /** @param invocation the one InvocationModule of the process */
  static using(invocation: DynamicModule): DynamicModule {
    return { module: SchedulerModule, imports: [invocation] };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.running = await this.invocation.startScheduler();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running?.stop();
  }
}
