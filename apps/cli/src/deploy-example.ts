import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  ResourceNotFoundException,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
  type Runtime,
} from '@aws-sdk/client-lambda';
import type { Example } from './example.js';

const WAIT_S = 120;

/** Creates the function, or updates its code when that changed. Resolves when it can be invoked. */
export async function deployExample(client: LambdaClient, example: Example, role: string): Promise<'created' | 'updated' | 'unchanged'> {
  const FunctionName = example.name;
  const found = await client.send(new GetFunctionConfigurationCommand({ FunctionName })).catch((error: unknown) => {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  });
  if (found === undefined) {
    await client.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: example.runtime as Runtime,
        Handler: example.handler,
        Role: role,
        Description: example.description,
        MemorySize: example.memoryMb,
        Timeout: example.timeoutSeconds,
        Code: { ZipFile: example.archive },
      }),
    );
  } else if (found.CodeSha256 !== example.sha256) {
    await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: example.archive }));
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: WAIT_S, minDelay: 1, maxDelay: 2 }, { FunctionName });
    return 'updated';
  }
  await waitUntilFunctionActiveV2({ client, maxWaitTime: WAIT_S, minDelay: 1, maxDelay: 2 }, { FunctionName });
  return found === undefined ? 'created' : 'unchanged';
}
