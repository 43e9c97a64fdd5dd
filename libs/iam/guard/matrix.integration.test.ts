import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { accountRootArn, type AccessKey } from '../access-key.js';
import { ACCOUNT, ALLOW_ALL, iamFixture, LAMBDA_TRUST, OTHER_ACCOUNT, type IamFixture } from '../api/testing/iam-fixture.js';
import { Guard } from './guard.js';

const RESOURCE = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
const FACTS = { secure: false, now: Date.now(), region: 'us-east-1' };

let iam: IamFixture;
let guard: Guard;

beforeAll(async () => {
  iam = await iamFixture();
  await iam.reset();
  guard = new Guard({
    database: iam.database,
    onError: (error) => {
      throw error;
    },
  });
  await guard.start();
});
afterAll(async () => {
  await guard.stop();
  await iam.close();
});

/** Every operation of every service that has a model: a service that is added is in the matrix by that alone. */
function actions(): string[] {
  const models = join(projectRoot(), 'libs/aws-wire/models');
  return readdirSync(models)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const { operations } = JSON.parse(readFileSync(join(models, name), 'utf8')) as { operations: object };
      return Object.keys(operations).map((operation) => `${name.split('-')[0]}:${operation}`);
    });
}

async function session(name: string, policies: object[], expiresAt = Date.now() + 600_000): Promise<AccessKey> {
  const { Role } = await iam.call('CreateRole', { RoleName: name, AssumeRolePolicyDocument: LAMBDA_TRUST });
  for (const [index, statement] of policies.entries()) {
    await iam.call('PutRolePolicy', {
      RoleName: name,
      PolicyName: `p${index}`,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    });
  }
  const temporary = {
    tokenDigest: createHash('sha256').update(name).digest(),
    expiresAt: new Date(expiresAt),
    session: { kind: 'assumed-role' as const, sessionName: 's' },
  };
  return iam.keyStore.create({
    accountId: ACCOUNT,
    principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/s`,
    identityId: Role.RoleId,
    temporary,
  });
}

const ALLOW = { Effect: 'Allow', Action: '*', Resource: '*' };

it('every action is refused to everybody but the valid caller', async () => {
  const gone = await session('gone', [ALLOW]);
  await iam.database.pool.query("DELETE FROM iam_identities WHERE name = 'gone'");
  const valid = await session('valid', [ALLOW]);
  const { User } = await iam.call('CreateUser', { UserName: 'x' }, { accountId: OTHER_ACCOUNT });
  await iam.call('PutUserPolicy', { UserName: 'x', PolicyName: 'a', PolicyDocument: ALLOW_ALL }, { accountId: OTHER_ACCOUNT });
  const refused: Record<string, [key: AccessKey, code: string]> = {
    'inactive key': [
      { ...(await iam.keyStore.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) })), active: false },
      'UnrecognizedClientException',
    ],
    'root of another account': [
      await iam.keyStore.create({ accountId: OTHER_ACCOUNT, principalArn: accountRootArn(OTHER_ACCOUNT) }),
      'AccessDeniedException',
    ],
    'user of another account': [
      await iam.keyStore.create({ accountId: OTHER_ACCOUNT, principalArn: User.Arn, identityId: User.UserId }),
      'AccessDeniedException',
    ],
    'role of a name that another account has': [{ ...valid, accountId: OTHER_ACCOUNT }, 'AccessDeniedException'],
    'role without the action': [await session('without', [{ ...ALLOW, Action: 'none:None' }]), 'AccessDeniedException'],
    'role without policies': [await session('bare', []), 'AccessDeniedException'],
    'role with a deny': [await session('denied', [ALLOW, { ...ALLOW, Effect: 'Deny' }]), 'AccessDeniedException'],
    'role with another resource': [await session('wrong', [{ ...ALLOW, Resource: `${RESOURCE}:*` }]), 'AccessDeniedException'],
    'expired session': [await session('expired', [ALLOW], FACTS.now - 1), 'ExpiredTokenException'],
    'session that expired after its key was read': [
      { ...(await session('late', [ALLOW], FACTS.now - 1)), expiresAt: FACTS.now + 1_000 },
      'AccessDeniedException',
    ],
    'session of a role that is gone': [gone, 'AccessDeniedException'],
  };
  const all = actions();
  for (const action of ['lambda:Invoke', 'iam:CreateUser', 'sts:AssumeRole', 'logs:PutLogEvents']) expect(all).toContain(action);
  for (const action of all) {
    const permission = { action, resource: RESOURCE };
    await guard.check(valid, permission, FACTS);
    for (const [state, [key, code]] of Object.entries(refused)) {
      const outcome = await Promise.resolve()
        .then(() => guard.check(key, permission, FACTS))
        .then(
          () => 'allowed',
          (error: { code: string }) => error.code,
        );
      expect({ action, state, outcome }).toEqual({ action, state, outcome: code });
    }
  }
});
