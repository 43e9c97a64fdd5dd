import type { OperationHandler, PermissionMapping } from '@hearth/aws-wire';
import type { Database } from '@hearth/database';
import type { Clock } from '@hearth/kernel';
import { logsOperations } from './api/operations.js';
import { logsPermissions } from './api/permissions.js';
import { BlockStore } from './block-store.js';
import type { RoleRights } from './delivery-rights.js';
import { EventReader } from './event-reader.js';
import { GroupStore } from './group-store.js';
import { LogWriter, type LogTrouble } from './log-writer.js';

/** CloudWatch Logs over Postgres: what the endpoint serves. */
export function createLogs({ database, clock }: { database: Database; clock: Clock }): { operations: Record<string, OperationHandler>; permissions: Record<string, PermissionMapping> } {
  const groups = new GroupStore(database);
  const blocks = new BlockStore(database);
  return { operations: logsOperations({ groups, blocks, reader: new EventReader(blocks), clock }), permissions: logsPermissions(groups) };
}

/** Where a worker's sandboxes write. */
export function createLogWriter(parts: { database: Database; clock: Clock; rights: RoleRights; report(trouble: LogTrouble): void }): LogWriter {
  return new LogWriter({ ...parts, blocks: new BlockStore(parts.database), groups: new GroupStore(parts.database) });
}
