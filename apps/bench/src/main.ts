import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { OperatorError } from '@hearth/kernel';
import { CatalogueSize } from './catalogue-size.js';
import { coldDockerRun } from './cold.js';
import { asyncAccept, asyncHandledP50 } from './events.js';
import { BullSide, LoadClient, startBareServer } from './helper-process.js';
import { idleMemory } from './memory.js';
import { BenchPlatform } from './platform.js';
import type { Result } from './result.js';
import { table } from './table.js';
import { authorisation, throughput, warmCpu, warmP50, warmP99 } from './warm.js';

/** `bench [--json FILE] [--only ID,...]`: status 0 when everything could be measured, whatever the marks say. */
async function bench(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } });
  const only = values.only?.split(',');
  const platform = await BenchPlatform.start();
  const bare = await startBareServer();
  const [client, bull] = [new LoadClient(), new BullSide()];
  const results: Result[] = [];
  let failures = 0;
  try {
    // Memory first: the platform is idle and has not been under load. Cold starts next, before the machine is warm.
    const measurements = [
      idleMemory(platform),
      coldDockerRun(platform),
      authorisation(platform, client, bare),
      warmP50(platform, client, bare),
      warmP99(platform, client, bare),
      warmCpu(platform, client, bare),
      throughput(platform, client, bare),
      asyncHandledP50(platform, bull),
      asyncAccept(platform, client, bull),
      ...new CatalogueSize(platform, client, bare.port).measurements(),
    ];
    const unknown = only?.filter((id) => !measurements.some((measurement) => measurement.id === id)) ?? [];
    if (unknown.length > 0) throw new OperatorError(`There is no measurement ${unknown.join(', ')}.`, `Choose from ${measurements.map(({ id }) => id).join(', ')}.`);
    for (const measurement of measurements.filter(({ id }) => only === undefined || only.includes(id))) {
      process.stderr.write(`bench: measuring ${measurement.id}\n`);
      try {
        results.push(await measurement.run());
      } catch (error) {
        failures++;
        process.stderr.write(`bench: ${measurement.id} could not be measured: ${error instanceof Error ? error.stack : String(error)}\n`);
      }
    }
  } finally {
    client.stop();
    bull.stop();
    bare.stop();
    await platform.stop();
  }
  process.stdout.write(`${table(results)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ results }, null, 2)}\n`);
  return failures === 0 ? 0 : 1;
}

try {
  process.exitCode = await bench();
} catch (error) {
  const text = error instanceof OperatorError ? `${error.message} ${error.remedy}` : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`bench: ${text}\n`);
  process.exitCode = 1;
}
