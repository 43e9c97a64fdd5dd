import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-lambda';
import type { ServedService } from '@hearth/api-server';
import { autoScalingService, iamService, lambdaService, logsService, stsService } from '@hearth/aws-wire';
import { projectRoot } from '@hearth/kernel';
import { compatibilityReference, implementedOperations, servedTables } from './compatibility.js';

let tables: ServedService[];
let document: string;

beforeAll(async () => {
  tables = await servedTables();
  document = readFileSync(join(projectRoot(), 'docs/compatibility.md'), 'utf8');
});

it('docs/compatibility.md is what the endpoint serves', () => {
  expect(document).toBe(compatibilityReference(tables));
});

it('has a row for each of the operations of the Lambda SDK (88 and more), and for every operation of the models', () => {
  const rows = document.split('\n').flatMap((line) => /^\| (\w+) \| (?:implemented|refused \(501\)(?:: [^|]+)?) \|$/.exec(line)?.[1] ?? []);
  const commands = Object.keys(sdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? []);
  expect(commands.length).toBeGreaterThanOrEqual(88);
  expect(rows).toEqual(expect.arrayContaining(commands));
  const names = [lambdaService(), iamService(), stsService(), logsService(), autoScalingService()].flatMap(({ operationNames }) => [...operationNames].sort());
  expect(rows.sort()).toEqual(names.sort());
});

it('no operation of any service is served without an action and a resource', () => {
  const unmapped = tables.flatMap((table) => [...implementedOperations(table)].filter((name) => !Object.hasOwn(table.permissions, name)).map((name) => `${table.service.name}:${name}`));
  expect(unmapped).toEqual([]);
  const unknown = tables.flatMap(({ service, operations }) => Object.keys(operations).filter((name) => !service.operationNames.includes(name)).map((name) => `${service.name}:${name}`));
  expect(unknown).toEqual([]);
});
