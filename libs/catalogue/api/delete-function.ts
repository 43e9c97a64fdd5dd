import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound, invalidParameter } from '../errors.js';
import { LATEST } from '../function-record.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

/** With a qualifier only that version, else the function with everything that belongs to it. Answers 204 as recorded. */
export function deleteFunction({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'DeleteFunction');
    const { qualifier } = reference;
    if (qualifier === LATEST) throw invalidParameter('$LATEST version cannot be deleted without deleting the function.');
    const deleted = await store.change(reference, async (_found, change) => {
      if (qualifier !== undefined) return change.deleteVersion(qualifier);
      await change.deleteFunction();
      return true;
    });
    if (!deleted) throw functionNotFound(reference.arn);
    return { StatusCode: 204 };
  };
}
