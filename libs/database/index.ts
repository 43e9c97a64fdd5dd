export { assertReachable, Database, type DatabaseOptions } from './database.js';
export { migrate } from './migrations.js';
export { createTestDatabase, type TestDatabase } from './testing/test-database.js';
