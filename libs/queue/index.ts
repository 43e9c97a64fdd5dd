export { QueueConnection, type QueueConnectionOptions } from './queue-connection.js';
export { PointerQueue } from './pointer-queue.js';
export { PointerWorker, type PointerHandler } from './pointer-worker.js';
export { assertNothingIsEvicted } from './eviction-check.js';
export type { Logger } from './logger.js';
export { startTestRedis, type TestRedis } from './testing/test-redis.js';
