import type { UrlGuard } from '@hearth/function-urls';
import { authorise } from '@hearth/iam';

/**
 * Who may call a function URL. Resource policies are not evaluated yet: the account's administrator may call those with AuthType
 * AWS_IAM, and everybody those that their owner opened with AuthType NONE.
 */
export const urlGuard: UrlGuard = {
  check(caller, permissions) {
    if (caller === undefined) return;
    for (const { action, resource } of permissions) authorise(caller, action, resource);
  },
};
