import type { Permission } from '@hearth/aws-wire';
import type { AccessKey, RequestFacts } from '@hearth/iam';
import { functionArn } from '@hearth/kernel';
import type { FunctionUrl } from '../function-url.js';

/** Decides who may call a function URL. Owned here; the app binds it to the platform's policies. */
export interface UrlGuard {
  /**
   * @param caller undefined for anybody (AuthType NONE): then only the function's resource policy counts
   * @param permissions all of them are needed
   * @param functionArn whose resource policy counts; with the alias
   * @param facts that conditions of policies may ask for
   * @throws ServiceError AccessDeniedException, at once or by the promise
   */
  check(caller: AccessKey | undefined, permissions: readonly Permission[], functionArn: string, facts: RequestFacts): void | Promise<void>;
}

export interface UrlPermissions {
  functionArn: string;
  permissions: Permission[];
}

/** Since October 2025 both actions are needed, also for AuthType NONE (spec/invoke.md 6). */
export function permissionsToCall(url: FunctionUrl): UrlPermissions {
  const resource = functionArn(url.region, url.accountId, url.functionName, url.qualifier);
  return {
    functionArn: resource,
    permissions: [
      { action: 'lambda:InvokeFunctionUrl', resource, context: { 'lambda:FunctionUrlAuthType': [url.authType] } },
      { action: 'lambda:InvokeFunction', resource, context: { 'lambda:InvokedViaFunctionUrl': ['true'] } },
    ],
  };
}
