import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodeObjects, DiskPackageStore, UploadStore } from '@hearth/artifacts';
import type { OperationContext } from '@hearth/aws-wire';
import { createTestDatabase, Database } from '@hearth/database';
import { SecretBox } from '@hearth/iam';
import { ZipFile } from 'yazl';
import { createCatalogue, type Catalogue, type CatalogueOptions } from '../catalogue.js';

export const ROLE = 'arn:aws:iam::123456789012:role/app';
export const context: OperationContext = {
  accountId: '123456789012',
  region: 'us-east-1',
  principalArn: 'arn:aws:iam::123456789012:root',
  requestId: '11111111-1111-4111-8111-111111111111',
  baseUrl: 'http://127.0.0.1:4510',
};
export const arnOf = (name: string) => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;

export function zipOf(text: string): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(text), 'index.js', { mtime: new Date(0) });
  zip.end();
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    zip.outputStream.on('data', (part: Buffer) => parts.push(part));
    zip.outputStream.on('end', () => resolve(Buffer.concat(parts)));
    zip.outputStream.on('error', reject);
  });
}

/** Holds preparations back until it is opened, so that a test can look at what lies between. */
export class Gate {
  private waiting: (() => void)[] = [];
  private isOpen = true;

  close(): void {
    this.isOpen = false;
  }

  open(): void {
    this.isOpen = true;
    for (const pass of this.waiting.splice(0)) pass();
  }

  pass(): Promise<void> {
    return this.isOpen ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** One database and one package directory, with as many catalogues on them as a deployment has processes. */
export class CatalogueFixture {
  readonly gate = new Gate();
  readonly errors: unknown[] = [];
  private readonly opened: { catalogue: Catalogue; database: Database }[] = [];
  private readonly secrets = new SecretBox(randomBytes(32));

  private constructor(
    readonly url: string,
    private readonly dropDatabase: () => Promise<void>,
    readonly root: string,
  ) {}

  static async create(): Promise<CatalogueFixture> {
    const database = await createTestDatabase();
    return new CatalogueFixture(database.url, () => database.drop(), await mkdtemp(join(tmpdir(), 'hearth-catalogue-')));
  }

  get packages(): DiskPackageStore {
    return new DiskPackageStore({ root: this.root });
  }

  process(options: Partial<CatalogueOptions> = {}): Process {
    const database = new Database({ url: this.url, maxConnections: 8, applicationName: options.database ? 'other' : 'catalogue test' });
    const packages = this.packages;
    const catalogue = createCatalogue({
      database,
      packages,
      objects: new CodeObjects(new UploadStore(database), undefined),
      secrets: this.secrets,
      knownRuntimes: () => ['nodejs22.x', 'python3.13', 'provided.al2023'],
      codeLink: ({ functionName, version }, { baseUrl }) => `${baseUrl}/code/${functionName}/${version}`,
      prepare: async ({ codeDigest }) => {
        await this.gate.pass();
        await packages.directory(codeDigest);
      },
      onError: (error) => this.errors.push(error),
      housekeepingMs: 3_600_000,
      ...options,
    });
    this.opened.push({ catalogue, database });
    return new Process(catalogue, database);
  }

  async destroy(): Promise<void> {
    this.gate.open();
    for (const { catalogue, database } of this.opened) {
      await catalogue.close();
      await database.close();
    }
    await this.dropDatabase();
    await rm(this.root, { recursive: true, force: true });
  }
}

export class Process {
  constructor(
    readonly catalogue: Catalogue,
    readonly database: Database,
  ) {}

  call(operation: string, input: Record<string, unknown> = {}): Promise<any> {
    return this.catalogue.operations[operation]!(input, context);
  }

  async create(name: string, more: Record<string, unknown> = {}): Promise<any> {
    return this.call('CreateFunction', { FunctionName: name, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: await zipOf('one') }, ...more });
  }

  /** Until the version is Active and its last update ended. */
  settled(name: string, qualifier?: string): Promise<any> {
    return until(async () => {
      const found = await this.call('GetFunctionConfiguration', { FunctionName: name, Qualifier: qualifier });
      return found.State !== 'Pending' && found.LastUpdateStatus !== 'InProgress' ? found : undefined;
    });
  }

  resolve(name: string, qualifier?: string) {
    return this.catalogue.resolver.resolve(context.accountId, context.region, name, qualifier);
  }
}

/** The first result that is not undefined; fails after 10 s. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('The condition was not met within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
