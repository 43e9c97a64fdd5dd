import { functionArn, lambdaTimestamp } from '@hearth/kernel';
import type { FunctionUrl } from './function-url.js';
import { urlOf, type UrlAddressing } from './url-address.js';

/** FunctionUrlConfig of spec/lambda-api.md 4.9. */
export function functionUrlConfig(url: FunctionUrl, addressing: UrlAddressing): Record<string, unknown> {
  return {
    FunctionUrl: urlOf(url.urlId, addressing),
    FunctionArn: functionArn(url.region, url.accountId, url.functionName, url.qualifier),
    AuthType: url.authType,
    ...(url.cors === undefined ? {} : { Cors: url.cors }),
    CreationTime: lambdaTimestamp(url.createdAt.getTime()),
    LastModifiedTime: lambdaTimestamp(url.modifiedAt.getTime()),
    InvokeMode: url.invokeMode,
  };
}
