import type { UrlGuard } from '@hearth/function-urls';
import type { Guard } from '@hearth/iam';
import { systemClock } from '@hearth/kernel';

/**
 * Who may call a function URL: with AuthType AWS_IAM those whose policies allow it, with AuthType NONE everybody, since its owner
 * opened it.
 */
export function urlGuard(guard: Guard, region: string): UrlGuard {
  return {
    check(caller, permissions) {
      if (caller === undefined) return;
      return guard.check(caller, [...permissions], { secure: false, now: systemClock.now(), region });
    },
  };
}
