import { Controller, Get, HttpException, Inject } from '@nestjs/common';

export const HEALTH = Symbol('Health');

/** What a load balancer asks: may this process get requests? */
export interface Health {
  /** True once close() was called. */
  draining: boolean;
  /** Name -> resolves when that part answers. */
  checks: Readonly<Record<string, () => Promise<unknown>>>;
}

@Controller('_hearth')
export class HealthController {
  constructor(@Inject(HEALTH) private readonly health: Health) {}

  @Get('health')
  async read(): Promise<Record<string, unknown>> {
    const parts = await Promise.all(
      Object.entries(this.health.checks).map(async ([name, check]) => {
        try {
          await check();
          return [name, 'ok'] as const;
        } catch (error) {
          return [name, error instanceof Error ? error.message : String(error)] as const;
        }
      }),
    );
    const healthy = !this.health.draining && parts.every(([, state]) => state === 'ok');
    const body = { status: healthy ? 'ok' : this.health.draining ? 'draining' : 'failing', ...Object.fromEntries(parts) };
    if (!healthy) throw new HttpException(body, 503);
    return body;
  }
}
