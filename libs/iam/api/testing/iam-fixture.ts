import { randomBytes } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { createTestDatabase, Database } from '@hearth/database';
import { systemClock } from '@hearth/kernel';
import { createAccount } from '../../store/accounts.js';
import { accountRootArn } from '../../access-key.js';
import { KeyStore } from '../../key-store.js';
import { SecretBox } from '../../secret-box.js';
import { iamOperations } from '../operations.js';
import type { CallerContext, IamParts } from '../parts.js';
import { policyDocuments } from '../policy-documents.js';

export const ACCOUNT = '123456789012';
export const OTHER_ACCOUNT = '210987654321';
export const ALLOW_ALL = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
export const LAMBDA_TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** Two accounts on a database of their own, and the operations as their roots call them. */
export interface IamFixture {
  database: Database;
  keyStore: KeyStore;
  parts: IamParts;
  operations: Record<string, OperationHandler>;
  /** Calls an operation as the root of {@link ACCOUNT}. */
  call(operation: string, input?: Record<string, unknown>, context?: Partial<CallerContext>): Promise<any>;
  /** A managed policy of {@link ACCOUNT}. */
  createPolicy(name: string, document?: string): Promise<any>;
  /** A role of {@link ACCOUNT} that Lambda may assume. */
  createRole(name?: string, more?: object): Promise<any>;
  /** All items of a paged list, and the sizes of its pages. */
  all(operation: string, member: string, input: Record<string, unknown>): Promise<{ items: unknown[]; pages: number[] }>;
  /** Back to two accounts without anything in them. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** The fixture of a test file: made before its tests, emptied before each, and closed after them. There is nothing in it outside of tests and hooks. */
export function useIam(): IamFixture {
  const iam = {} as IamFixture;
  beforeAll(async () => void Object.assign(iam, await iamFixture()));
  beforeEach(() => iam.reset());
  afterAll(() => iam.close());
  return iam;
}

export function callerContext(context: Partial<CallerContext> = {}): CallerContext {
  const accountId = context.accountId ?? ACCOUNT;
  return {
    accountId,
    region: 'us-east-1',
    principalArn: accountRootArn(accountId),
    requestId: 'r',
    baseUrl: 'http://127.0.0.1',
    ...context,
  };
}

export async function iamFixture(): Promise<IamFixture> {
  const testDatabase = await createTestDatabase();
  const database = new Database({ url: testDatabase.url, maxConnections: 10 });
  const keyStore = new KeyStore({
    database,
    secretBox: new SecretBox(randomBytes(32)),
    onError: (error) => {
      throw error;
    },
  });
  const parts: IamParts = { database, keyStore, clock: systemClock, documents: policyDocuments };
  const operations = iamOperations(parts);
  const call: IamFixture['call'] = async (operation, input = {}, context = {}) =>
    operations[operation]!(input, callerContext(context));
  const reset = async (): Promise<void> => {
    await database.pool.query('TRUNCATE accounts CASCADE');
    await createAccount(database, keyStore, { accountId: ACCOUNT, name: 'one' });
    await createAccount(database, keyStore, { accountId: OTHER_ACCOUNT, name: 'two' });
  };
  return {
    database,
    keyStore,
    parts,
    operations,
    call,
    createPolicy: (name, document = ALLOW_ALL) => call('CreatePolicy', { PolicyName: name, PolicyDocument: document }),
    createRole: (name = 'r', more = {}) => call('CreateRole', { RoleName: name, AssumeRolePolicyDocument: LAMBDA_TRUST, ...more }),
    reset,
    all: async (operation, member, input) => {
      const items: unknown[] = [];
      const pages: number[] = [];
      for (let Marker: string | undefined; ;) {
        const answer = (await call(operation, { ...input, Marker })) as { IsTruncated: boolean; Marker?: string } & Record<
          string,
          unknown[]
        >;
        items.push(...answer[member]!);
        pages.push(answer[member]!.length);
        if (!answer.IsTruncated) return { items, pages };
        Marker = answer.Marker;
      }
    },
    close: async () => {
      await database.close();
      await testDatabase.drop();
    },
  };
}
