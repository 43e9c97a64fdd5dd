import type { FunctionResolver, ProvisionedConfig, ProvisionedConfigs, ProvisionedVersion } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import type { FunctionSpec, ProvisionOrder, Provisioner, SandboxHost } from '@hearth/fleet';
import { ServiceError } from '@hearth/kernel';
import type { Logger } from '@hearth/queue';
import { toFunctionSpec } from '../to-function-spec.js';
import { fulfilmentOf, type NotRunnable } from './fulfilment.js';
import { planProvision } from './provision-plan.js';
import { provisionedKey } from './provisioned-key.js';

export interface ProvisioningParts {
  database: Database;
  configs: Pick<ProvisionedConfigs, 'list' | 'note'>;
  resolver: FunctionResolver;
  provisioner: Provisioner;
  logger: Logger;
  intervalMs?: number;
}

interface Wanted {
  key: string;
  qualifier: string;
  spec: FunctionSpec;
  count: number;
}

interface Order {
  config: ProvisionedConfig;
  wanted: Wanted[] | NotRunnable;
  /** What still serves until that is ready. */
  serving: Wanted[];
}

const INTERVAL_MS = 1_000;
/** While nothing is provisioned, hosts are asked only so often whether they hold something that nobody wants. */
const IDLE_ROUNDS = 30;
const TURN = `SELECT pg_try_advisory_xact_lock(hashtextextended('hearth.provisioning', 0)) AS mine`;

/**
 * Makes the hosts of the fleet hold what is provisioned. Any number of schedulers may run one. Invariants:
 * 1. One works at a time, under a lock in Postgres; what it knows comes from Postgres and the hosts, so any of them can go on.
 * 2. Orders are whole: a host that missed one is put right by the next, and a host that is new or came back is asked what it holds.
 * 3. A status is noted only for the order that it is about.
 */
export class ProvisioningReconciler {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;
  #failing = false;
  #idleRounds = 0;

  constructor(private readonly parts: ProvisioningParts) {}

  start(): void {
    this.#round = this.#run().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), this.parts.intervalMs ?? INTERVAL_MS);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** Never rejects: the next round tries again. */
  async #run(): Promise<void> {
    try {
      const configs = await this.parts.configs.list();
      this.#idleRounds = configs.length > 0 ? 0 : this.#idleRounds + 1;
      if (configs.length === 0 && this.#idleRounds > 2 && this.#idleRounds % IDLE_ROUNDS !== 0) return;
      await this.parts.database.transaction(async (client) => {
        const { rows } = await client.query<{ mine: boolean }>(TURN);
        if (rows[0]!.mine) await this.#reconcile(configs);
      });
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.parts.logger.warn({ err: error }, 'provisioned concurrency could not be looked after; it goes on trying');
      this.#failing = true;
    }
  }

  async #reconcile(configs: readonly ProvisionedConfig[]): Promise<void> {
    const orders = (await Promise.all(configs.map((config) => this.#order(config)))).filter((order) => order !== undefined);
    const demands = wholeDemand(orders);
    const hosts = await this.parts.provisioner.hosts();
    const { counts, unplaced } = planProvision([...demands.values()].map(({ key, count, spec }) => ({ key, count, memoryMb: spec.memoryMb })), hosts);
    const told = await Promise.all(hosts.map((host) => this.#tell(host, counts.get(host.id)!, demands)));
    for (const { config, wanted } of orders) {
      const fulfilment = fulfilmentOf(
        config,
        typeof wanted === 'string' ? wanted : wanted.map(({ key, count }) => ({ key, count, unplaced: Math.min(count, unplaced.get(key) ?? 0) })),
        told,
      );
      const news = fulfilment.status !== config.status || fulfilment.statusReason !== config.statusReason;
      if (news && fulfilment.status !== 'IN_PROGRESS') {
        const { accountId, functionName, qualifier, requested } = config;
        this.parts.logger.info({ account: accountId, function: functionName, qualifier, requested, ...fulfilment }, 'provisioned concurrency');
      }
      if (news || fulfilment.allocated !== config.allocated || fulfilment.available !== config.available) await this.parts.configs.note(config, fulfilment);
    }
  }

  /** @returns undefined when its function or version is gone */
  async #order(config: ProvisionedConfig): Promise<Order | undefined> {
    try {
      const [wanted, serving] = await Promise.all([this.#specs(config, config.wanted), this.#specs(config, config.serving)]);
      return { config, wanted, serving: started(serving) };
    } catch (error) {
      if (error instanceof ServiceError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #specs(config: ProvisionedConfig, versions: readonly ProvisionedVersion[]): Promise<Wanted[] | NotRunnable> {
    const { accountId, region, functionName, qualifier } = config;
    const found = await Promise.all(versions.map(async ({ version, count }) => ({ count, version: await this.parts.resolver.resolve(accountId, region, functionName, version) })));
    if (found.some(({ version }) => version.state === 'Failed')) return 'failed';
    if (found.some(({ version }) => version.state !== 'Active')) return 'pending';
    return found.map(({ count, version }) => {
      const spec = toFunctionSpec(version);
      return { key: provisionedKey(spec, qualifier), qualifier, spec, count };
    });
  }

  /** @returns the host as it is then; as it was when it cannot be reached */
  async #tell(host: SandboxHost, counts: ReadonlyMap<string, number>, demands: ReadonlyMap<string, Wanted>): Promise<SandboxHost> {
    const held = new Map(host.held.map(({ key, count }) => [key, count]));
    if (held.size === counts.size && [...counts].every(([key, count]) => held.get(key) === count)) return host;
    const orders: ProvisionOrder[] = [...counts].map(([key, count]) => ({ ...demands.get(key)!, count }));
    try {
      return await this.parts.provisioner.provision(host.id, orders);
    } catch (error) {
      this.parts.logger.warn({ err: error, host: host.id }, 'a host could not be told what to hold ready');
      return host;
    }
  }
}

function started(wanted: Wanted[] | NotRunnable): Wanted[] {
  return typeof wanted === 'string' ? [] : wanted;
}

/** By key; what is wanted comes before what only serves until then. */
function wholeDemand(orders: readonly Order[]): Map<string, Wanted> {
  const demands = new Map<string, Wanted>();
  for (const part of [...orders.flatMap(({ wanted }) => started(wanted)), ...orders.flatMap(({ serving }) => serving)]) {
    const known = demands.get(part.key);
    if (known === undefined || known.count < part.count) demands.set(part.key, part);
  }
  return demands;
}
