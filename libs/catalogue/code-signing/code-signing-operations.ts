import type { OperationHandler } from '@hearth/aws-wire';
import { createCodeSigningConfig } from '../api/create-code-signing-config.js';
import { deleteCodeSigningConfig } from '../api/delete-code-signing-config.js';
import { deleteFunctionCodeSigningConfig } from '../api/delete-function-code-signing-config.js';
import { getCodeSigningConfig } from '../api/get-code-signing-config.js';
import { getFunctionCodeSigningConfig } from '../api/get-function-code-signing-config.js';
import { listCodeSigningConfigs } from '../api/list-code-signing-configs.js';
import { listFunctionsByCodeSigningConfig } from '../api/list-functions-by-code-signing-config.js';
import { putFunctionCodeSigningConfig } from '../api/put-function-code-signing-config.js';
import { updateCodeSigningConfig } from '../api/update-code-signing-config.js';
import type { CatalogueParts } from '../parts.js';

export function codeSigningOperations(parts: CatalogueParts): Record<string, OperationHandler> {
  return {
    CreateCodeSigningConfig: createCodeSigningConfig(parts),
    GetCodeSigningConfig: getCodeSigningConfig(parts),
    ListCodeSigningConfigs: listCodeSigningConfigs(parts),
    UpdateCodeSigningConfig: updateCodeSigningConfig(parts),
    DeleteCodeSigningConfig: deleteCodeSigningConfig(parts),
    ListFunctionsByCodeSigningConfig: listFunctionsByCodeSigningConfig(parts),
    PutFunctionCodeSigningConfig: putFunctionCodeSigningConfig(parts),
    GetFunctionCodeSigningConfig: getFunctionCodeSigningConfig(parts),
    DeleteFunctionCodeSigningConfig: deleteFunctionCodeSigningConfig(parts),
  };
}
