export { startEmbeddedPostgres } from './postgres.js';
export { startEmbeddedRedis } from './redis.js';
export type { EmbeddedLogger, EmbeddedServer } from './server-process.js';
