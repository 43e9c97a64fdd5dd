import type { Catalogue } from '@hearth/catalogue';
import type { UrlGuard } from '@hearth/function-urls';
import type { Guard } from '@hearth/iam';

/**
 * Who may call a function URL: with AuthType AWS_IAM those whose policies allow it, with AuthType NONE those whom the function's
 * resource policy lets in without a name, usually everybody.
 */
export function urlGuard(guard: Guard, policyOf: Catalogue['functionPolicy']): UrlGuard {
  return {
    async check(caller, permissions, functionArn, facts) {
      const found = policyOf(functionArn);
      const policy = found instanceof Promise ? await found : found;
      if (caller !== undefined) return guard.check(caller, [...permissions], facts, policy);
      for (const permission of permissions) guard.checkForeign({ kind: 'anonymous', name: '' }, permission, facts, policy);
    },
  };
}
