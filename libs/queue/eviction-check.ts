import { OperatorError } from '@hearth/kernel';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.js';

/**
 * BullMQ needs `noeviction`: an evicted key of its bookkeeping stalls a queue. Events would survive (they are in Postgres),
 * but dispatch would not.
 * @throws OperatorError when Redis would evict keys
 */
export async function assertNothingIsEvicted(redis: Redis, logger: Logger): Promise<void> {
  const memory = await redis.info('memory');
  const policy = field(memory, 'maxmemory_policy');
  if (policy === 'noeviction' || policy === undefined) return;
  if (field(memory, 'maxmemory') === '0') {
    logger.warn({ policy }, 'Redis would evict keys if it had a memory limit; set maxmemory-policy to noeviction before giving it one');
    return;
  }
  throw new OperatorError(`Redis runs with maxmemory-policy ${policy}, under which it deletes Hearth's queues when memory runs short.`, "Set maxmemory-policy to noeviction in Redis's configuration.");
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
