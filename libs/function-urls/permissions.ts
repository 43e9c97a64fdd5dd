import type { OperationContext } from '@hearth/aws-wire';
import { referenceOf } from '@hearth/catalogue';

/** What a caller needs for an operation; the shape that all domains share. */
export interface Permission {
  /** `lambda:CreateFunctionUrlConfig` and the like. */
  action: string;
  /** ARN, or `*`. */
  resource: string;
  /** Further condition keys of the request. */
  context?: Record<string, string[]>;
}

type UrlInput = { FunctionName: string; Qualifier?: string; AuthType?: string };

export const permissions: Record<string, (input: UrlInput, context: OperationContext) => Permission> = Object.fromEntries(
  ['CreateFunctionUrlConfig', 'GetFunctionUrlConfig', 'UpdateFunctionUrlConfig', 'DeleteFunctionUrlConfig', 'ListFunctionUrlConfigs'].map((operation) => [
    operation,
    (input: UrlInput, context: OperationContext): Permission => ({
      action: `lambda:${operation}`,
      resource: referenceOf(input, context, operation).arn,
      ...(input.AuthType === undefined ? {} : { context: { 'lambda:FunctionUrlAuthType': [input.AuthType] } }),
    }),
  ]),
);
