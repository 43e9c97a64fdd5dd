import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodeLinks, createControlPlane } from '@hearth/api-server';
import { CodeObjects, DiskPackageStore, UPLOAD_BUCKET, UploadStore } from '@hearth/artifacts';
import { createCatalogue } from '@hearth/catalogue';
import { createTestDatabase, Database } from '@hearth/database';
import { createFunctionUrls } from '@hearth/function-urls';
import { accountRootArn, createAccount, ExecutionRoles, Guard, KeyStore, SecretBox, type AccessKey } from '@hearth/iam';
import type { InvokeCommand } from '@hearth/invocation';
import { systemClock } from '@hearth/kernel';
import { pino } from 'pino';
import { furtherServices, lambdaOperations } from '../api-services.js';

export const ACCOUNT = '123456789012';

/**
 * The endpoint of a control plane on a port of its own: real Postgres, keys, guard, catalogue and packages. Only the fleet is not
 * there: an invocation answers its event, so that what arrives can be looked at.
 */
export interface EndpointFixture {
  /** `http://127.0.0.1:PORT` */
  endpoint: string;
  /** Of the account's administrator. */
  key: AccessKey;
  database: Database;
  keyStore: KeyStore;
  invocations: InvokeCommand[];
  /** Whatever the endpoint logged as an error. */
  errors: unknown[];
  close(): Promise<void>;
}

export async function endpointFixture(): Promise<EndpointFixture> {
  const testDatabase = await createTestDatabase();
  const database = new Database({ url: testDatabase.url, maxConnections: 8 });
  const root = await mkdtemp(join(tmpdir(), 'hearth-endpoint-'));
  const secrets = new SecretBox(randomBytes(32));
  const packages = new DiskPackageStore({ root });
  const uploads = new UploadStore(database);
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const keyStore = new KeyStore({ database, secretBox: secrets, onError });
  const guard = new Guard({ database, onError });
  const links = new CodeLinks({ key: randomBytes(32), baseUrl: () => endpoint, clock: systemClock });
  const catalogue = createCatalogue({
    database,
    packages,
    objects: new CodeObjects(uploads, undefined),
    secrets,
    knownRuntimes: () => ['nodejs22.x'],
    architectures: ['x86_64'],
    codeLink: (code, context) => links.link(code.accountId, code.codeDigest, context.baseUrl),
    onError,
  });
  await Promise.all([keyStore.start(), guard.start()]);
  await createAccount(database, keyStore, { accountId: ACCOUNT, name: 'test' });
  const key = await keyStore.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) });
  const invocations: InvokeCommand[] = [];
  const { resolver, changes } = catalogue;
  const functionUrls = createFunctionUrls({ database, resolver, changes, region: 'us-east-1', baseUrl: () => 'http://localhost:1', clock: systemClock });
  const parts = { database, keyStore, executionRoles: new ExecutionRoles({ database, keyStore }), catalogue, functionUrls, clock: systemClock };
  const logger = pino({ level: 'error' }, { write: (line: string) => void errors.push(JSON.parse(line)) });
  const controlPlane = await createControlPlane({
    settings: { HEARTH_REGION: 'us-east-1', HEARTH_HOST: '127.0.0.1', HEARTH_PORT: 0, HEARTH_PUBLIC_URL: undefined },
    keyStore,
    guard,
    services: furtherServices(parts),
    catalogueOperations: lambdaOperations(parts),
    resourcePolicy: (arn) => catalogue.resourcePolicy(arn),
    invocation: {
      invoke: (command) => {
        invocations.push(command);
        const { requestId, invocationType, payload } = command;
        if (invocationType === 'Event') return Promise.resolve({ statusCode: 202, requestId });
        if (invocationType === 'DryRun') return Promise.resolve({ statusCode: 204, requestId });
        return Promise.resolve({ statusCode: 200, requestId, payload, executedVersion: '$LATEST' });
      },
    },
    codeLinks: links,
    readArchive: (digest) => packages.readArchive(digest),
    uploads: { uploads, bucket: UPLOAD_BUCKET },
    logger,
  });
  const endpoint = await controlPlane.listen();
  return {
    endpoint,
    key,
    database,
    keyStore,
    invocations,
    errors,
    async close() {
      await controlPlane.close(1_000);
      await catalogue.close();
      await Promise.all([keyStore.stop(), guard.stop()]);
      await database.close();
      await testDatabase.drop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
