import { ServiceError } from '@hearth/kernel';
import type { Queryable } from './alias-store.js';
import type { CatalogueParts } from './parts.js';

/**
 * Whether the account has room for one more archive (spec/lambda-api.md 2.2, CSE). Not under a lock: calls at the same time may
 * together go over by what each of them adds.
 * @param connection of the caller's transaction: one that waits for a second connection could wait for ever
 * @throws ServiceError CodeStorageExceededException
 */
export async function assertCodeStorage({ store, codeStorageBytes }: CatalogueParts, place: { accountId: string; region: string }, archiveBytes: number, connection?: Queryable): Promise<void> {
  const { codeBytes } = await store.usage(place.accountId, place.region, connection);
  if (codeBytes + archiveBytes > codeStorageBytes) throw new ServiceError('CodeStorageExceededException', 400, 'Code storage limit exceeded.', { messageMember: 'message' });
}
