import { parseArgs } from 'node:util';
import { AuditTrail } from '@hearth/iam';
import { OperatorError } from '@hearth/kernel';
import type { Installation } from './installation.js';
import { withDatabase } from './platform-database.js';

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DEFAULT_LIMIT = 100;

/** `hearth audit`: the trail of calls, newest first, one JSON object a line. `--all` exports every match. */
export async function audit(place: Installation, arguments_: string[]): Promise<number> {
  const { values } = parseArgs({
    args: arguments_,
    options: { account: { type: 'string' }, since: { type: 'string' }, principal: { type: 'string' }, action: { type: 'string' }, all: { type: 'boolean' } },
  });
  const filter = {
    accountId: values.account ?? place.settings.HEARTH_ACCOUNT_ID,
    from: values.since === undefined ? undefined : Date.now() - duration(values.since),
    principalArn: values.principal,
    action: values.action,
  };
  return withDatabase(place, async (database) => {
    const trail = new AuditTrail(database);
    const events = values.all ? trail.export(filter) : (await trail.query(filter, { limit: DEFAULT_LIMIT })).events;
    for await (const { time, ...event } of events) process.stdout.write(`${JSON.stringify({ time: new Date(time).toISOString(), ...event })}\n`);
    return 0;
  });
}

function duration(text: string): number {
  const parts = /^(\d{1,6})([smhd])$/.exec(text);
  if (parts === null) throw new OperatorError(`--since ${text} is not a time like 30m, 12h or 7d.`, 'hearth audit [--since 12h] [--principal ARN] [--action lambda:CreateFunction] [--account ID] [--all]');
  return Number(parts[1]) * UNIT_MS[parts[2]!]!;
}
