import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { LoadClient } from './helper-process.js';
import { residentMb, type BenchPlatform } from './platform.js';
import { median, type Measurement, type Result } from './result.js';
import { request } from './signed-request.js';
import { EVENT } from './warm.js';

const FEW = 50;
const MANY = 5_000;
const VERSIONS = 5;
const ROUNDS = 5;
const DURATION_MS = 1_000;
const WARM_UP_MS = 300;
const FIRST_WARM_UP_MS = 5_000;
const TEMPLATE = 'bench-size';

interface Reading {
  /** Ratios to the bare server, one per round. */
  list: number[];
  warm: number[];
  residentMb: number;
}

/**
 * What 5,000 functions with 5 versions each cost, against 50: a page of ListFunctions, a warm call, resident memory once every
 * function was called for. Before and after are set in relation to the bare server of their own moment.
 */
export class CatalogueSize {
  private taken: Promise<{ few: Reading; many: Reading }> | undefined;

  constructor(
    private readonly platform: BenchPlatform,
    private readonly client: LoadClient,
    private readonly barePort: number,
  ) {}

  measurements(): Measurement[] {
    return [
      this.measurement('list-5000', 1.5, 'list'),
      this.measurement('functions-5000', 1.1, 'warm'),
      {
        id: 'memory-per-function',
        run: async () => {
          const { few, many } = await this.readings();
          const value = ((many.residentMb - few.residentMb) * 1_024) / (MANY - FEW);
          return { id: 'memory-per-function', value, unit: 'KB', mark: 4, better: 'lower', min: value, pairs: 1 };
        },
      },
    ];
  }

  private measurement(id: string, mark: number, read: 'list' | 'warm'): Measurement {
    return {
      id,
      run: async (): Promise<Result> => {
        const { few, many } = await this.readings();
        const ratios = many[read].map((value, round) => value / few[read][round]!);
        return { id, value: median(many[read]) / median(few[read]), unit: 'x', mark, better: 'lower', min: Math.min(...ratios), pairs: ROUNDS, sides: { hearth: median(many[read]), baseline: median(few[read]), unit: 'x bare' } };
      },
    };
  }

  private readings(): Promise<{ few: Reading; many: Reading }> {
    this.taken ??= this.take();
    return this.taken;
  }

  private async take(): Promise<{ few: Reading; many: Reading }> {
    await this.platform.deploy(TEMPLATE);
    await this.seed(0, FEW);
    await this.p50('GET', '/2015-03-31/functions', Buffer.alloc(0), 200, FIRST_WARM_UP_MS);
    await this.warm(FIRST_WARM_UP_MS);
    const few = await this.read(Array.from({ length: MANY }, () => `${TEMPLATE}-0`));
    await this.seed(FEW, MANY);
    return { few, many: await this.read(Array.from({ length: MANY }, (_, index) => `${TEMPLATE}-${index}`)) };
  }

  /** @param names each asked for once before memory is read: the same number of calls on both sides */
  private async read(names: readonly string[]): Promise<Reading> {
    for (const name of names) await this.platform.call('POST', `/2015-03-31/functions/${name}/invocations`, EVENT, { 'x-amz-invocation-type': 'DryRun' });
    await this.platform.collectGarbage();
    const reading: Reading = { list: [], warm: [], residentMb: await residentMb(this.platform.pid) };
    for (let round = 0; round < ROUNDS; round++) {
      const bare = await this.bare();
      reading.list.push((await this.p50('GET', '/2015-03-31/functions', Buffer.alloc(0), 200)) / bare);
      reading.warm.push((await this.warm()) / bare);
    }
    return reading;
  }

  private warm(warmUpMs?: number): Promise<number> {
    return this.p50('POST', `/2015-03-31/functions/${TEMPLATE}/invocations`, EVENT, 200, warmUpMs);
  }

  private async p50(method: string, path: string, body: Buffer, status: number, warmUpMs = WARM_UP_MS): Promise<number> {
    const signed = this.platform.sign(method, path, body).toString('base64');
    return (await this.client.run({ port: this.platform.port, request: signed, connections: 1, durationMs: DURATION_MS, warmUpMs, status })).p50Ms;
  }

  private async bare(): Promise<number> {
    const bytes = request({ method: 'POST', path: '/', headers: { host: `127.0.0.1:${this.barePort}`, 'content-type': 'application/json' }, body: EVENT });
    return (await this.client.run({ port: this.barePort, request: bytes.toString('base64'), connections: 1, durationMs: DURATION_MS, warmUpMs: WARM_UP_MS, status: 200 })).p50Ms;
  }

  /** Copies of the template made in Postgres itself: the same by the API would take ten minutes. */
  private async seed(from: number, to: number): Promise<void> {
    const client = new Client({ connectionString: process.env.DATABASE_URL || (await embeddedPostgres(this.platform.stateDir)) });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO functions SELECT (jsonb_populate_record(f, jsonb_build_object('id', gen_random_uuid(), 'name', $1 || '-' || n, 'next_version', $4::int + 1))).*
         FROM functions f, generate_series($2::int, $3::int - 1) n WHERE f.name = $1`,
        [TEMPLATE, from, to, VERSIONS],
      );
      await client.query(
        `INSERT INTO function_versions
         SELECT (jsonb_populate_record(v, jsonb_build_object('function_id', f.id, 'version', CASE k WHEN 0 THEN '$LATEST' ELSE k::text END, 'version_number', k, 'serving_revision', gen_random_uuid()))).*
         FROM function_versions v JOIN functions t ON t.id = v.function_id AND t.name = $1
         JOIN generate_series($2::int, $3::int - 1) n ON true JOIN functions f ON f.name = $1 || '-' || n, generate_series(0, $4::int) k
         WHERE v.version = '$LATEST'`,
        [TEMPLATE, from, to, VERSIONS],
      );
      await client.query('COMMIT');
      await client.query('ANALYZE functions, function_versions');
    } finally {
      await client.end();
    }
  }
}

async function embeddedPostgres(stateDir: string): Promise<string> {
  const { port, password } = JSON.parse(await readFile(join(stateDir, 'postgres.json'), 'utf8')) as { port: number; password: string };
  return `postgresql://hearth:${password}@127.0.0.1:${port}/hearth`;
}
