import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENDPOINT_OPERATIONS, LAMBDA_REFUSALS, lambdaPermissions, type ServedService } from '@hearth/api-server';
import { CodeObjects, DiskPackageStore, UploadStore } from '@hearth/artifacts';
import { lambdaService, logsService, type AwsService } from '@hearth/aws-wire';
import { createCatalogue } from '@hearth/catalogue';
import { Database } from '@hearth/database';
import { createDurable } from '@hearth/durable';
import { createFunctionUrls } from '@hearth/function-urls';
import { ExecutionRoles, KeyStore, SecretBox } from '@hearth/iam';
import { systemClock } from '@hearth/kernel';
import { pino } from 'pino';
import { furtherServices, lambdaOperations } from './api-services.js';

const TITLES: Record<string, string> = { lambda: 'AWS Lambda', iam: 'AWS Identity and Access Management', sts: 'AWS Security Token Service', logs: 'Amazon CloudWatch Logs', 'application-autoscaling': 'Application Auto Scaling' };

/** Models whose operations are listed even while nothing of them is served. */
const ANNOUNCED: readonly (() => AwsService)[] = [logsService];

/** The tables that the endpoint serves from, made without a database: handlers are only counted here, never called. */
export async function servedTables(): Promise<ServedService[]> {
  // Nobody listens there; nothing is sent, and what the catalogue tries in the background is ended below.
  const database = new Database({ url: 'postgresql://127.0.0.1:1/none', maxConnections: 1 });
  const secrets = new SecretBox(randomBytes(32));
  const ignoreUnreachable = (): void => undefined;
  const objects = new CodeObjects(new UploadStore(database), undefined);
  const catalogue = createCatalogue({ database, objects, packages: new DiskPackageStore({ root: join(tmpdir(), 'hearth-no-packages') }), secrets, knownRuntimes: () => [], codeLink: () => '', onError: ignoreUnreachable });
  try {
    const keyStore = new KeyStore({ database, secretBox: secrets, onError: ignoreUnreachable });
    const { resolver, changes } = catalogue;
    const functionUrls = createFunctionUrls({ database, resolver, changes, region: 'us-east-1', baseUrl: () => '', clock: systemClock });
    const waker = { wakeWithin: () => Promise.resolve(), announce: () => undefined };
    const durable = createDurable({ database, resolver, waker, logger: pino({ enabled: false }) });
    const parts = { database, keyStore, executionRoles: new ExecutionRoles({ database, keyStore }), catalogue, functionUrls, durable, clock: systemClock };
    return [{ service: lambdaService(), operations: lambdaOperations(parts), permissions: lambdaPermissions, refusals: LAMBDA_REFUSALS }, ...furtherServices(parts)];
  } finally {
    await catalogue.close();
    await database.close();
  }
}

/** Names of the operations that answer with more than 501. */
export function implementedOperations({ service, operations }: ServedService): Set<string> {
  return new Set([...Object.keys(operations), ...(service.name === 'lambda' ? ENDPOINT_OPERATIONS : [])]);
}

/** docs/compatibility.md. A spec fails when the committed file differs from what the code serves. */
export function compatibilityReference(tables: readonly ServedService[]): string {
  const announced = ANNOUNCED.map((make) => make()).filter(({ name }) => !tables.some(({ service }) => service.name === name));
  const all: ServedService[] = [...tables, ...announced.map((service) => ({ service, operations: {}, permissions: {} }))];
  const sections = all.map((table) => {
    const implemented = implementedOperations(table);
    const names = [...table.service.operationNames].sort();
    const rows = names.map((name) => `| ${name} | ${implemented.has(name) ? 'implemented' : refusalOf(table, name)} |`);
    return {
      title: TITLES[table.service.name] ?? table.service.name,
      name: table.service.name,
      count: names.filter((name) => implemented.has(name)).length,
      of: names.length,
      rows,
    };
  });
  return [
    '# Compatibility',
    '',
    '<!-- Generated from the tables that the endpoint serves from (libs/processes/api-services.ts) by `./hearth docs`. Do not edit. -->',
    '',
    'Every operation of the published service models, and whether this version of Hearth does it. An operation that is not implemented answers',
    '`501 NotImplementedException` (query services: `NotImplemented`) and names itself. A member of a request that Hearth does not act on is refused with an error that',
    'names it, never stored and ignored. A service that is not listed answers 501 to every request.',
    '',
    '| Service | Signing name | Implemented | Operations of the model |',
    '|---|---|---|---|',
    ...sections.map(({ title, name, count, of }) => `| [${title}](#${anchor(title)}) | \`${name}\` | ${count} | ${of} |`),
    ...sections.flatMap(({ title, rows }) => ['', `## ${title}`, '', '| Operation | State |', '|---|---|', ...rows]),
    '',
  ].join('\n');
}

function refusalOf({ refusals }: ServedService, operation: string): string {
  const reason = refusals?.[operation];
  return reason === undefined ? 'refused (501)' : `refused (501): ${reason}`;
}

function anchor(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-');
}
