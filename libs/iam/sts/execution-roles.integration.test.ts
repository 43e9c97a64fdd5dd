import { ServiceError } from '@hearth/kernel';
import { ACCOUNT, iamFixture, LAMBDA_TRUST, OTHER_ACCOUNT, type IamFixture } from '../api/testing/iam-fixture.js';
import type { Permission } from '../api/permissions.js';
import { PrincipalPolicyStore } from '../store/principal-policies.js';
import { ExecutionRoles } from './execution-roles.js';

let iam: IamFixture;
let roles: ExecutionRoles;
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/app/r`;
const NOT_ASSUMABLE = {
  code: 'InvalidParameterValueException',
  status: 400,
  message: 'The role defined for the function cannot be assumed by Lambda.',
};

beforeAll(async () => {
  iam = await iamFixture();
  roles = new ExecutionRoles({ database: iam.database, keyStore: iam.keyStore });
});
beforeEach(async () => {
  await iam.reset();
  await iam.call('CreateRole', { RoleName: 'r', Path: '/app/', AssumeRolePolicyDocument: LAMBDA_TRUST });
});
afterAll(() => iam.close());

describe('passing a role to Lambda', () => {
  it('asks for iam:PassRole with the service it is passed to', async () => {
    const asked: Permission[] = [];
    await roles.checkPassRole({ accountId: ACCOUNT, roleArn: ROLE_ARN, authorise: (permission) => void asked.push(permission) });
    expect(asked).toEqual([
      { action: 'iam:PassRole', resource: ROLE_ARN, context: { 'iam:PassedToService': ['lambda.amazonaws.com'] } },
    ]);
    const denial = new ServiceError('AccessDeniedException', 403, 'no');
    await expect(
      roles.checkPassRole({ accountId: ACCOUNT, roleArn: ROLE_ARN, authorise: () => Promise.reject(denial) }),
    ).rejects.toBe(denial);
  });

  it('is refused when the role is unknown, does not trust Lambda, or is of another account', async () => {
    const pass = (roleArn: string): Promise<void> =>
      roles.checkPassRole({ accountId: ACCOUNT, roleArn, authorise: () => undefined });
    await expect(pass(`${ROLE_ARN}x`)).rejects.toMatchObject(NOT_ASSUMABLE);
    await expect(pass(ROLE_ARN.replace('/app', ''))).rejects.toMatchObject(NOT_ASSUMABLE);
    await expect(pass(ROLE_ARN.replace(ACCOUNT, OTHER_ACCOUNT))).rejects.toMatchObject({
      code: 'AccessDeniedException',
      status: 403,
      message: 'Cross-account pass role is not allowed.',
    });
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: LAMBDA_TRUST.replace('lambda.', 'events.') });
    await expect(pass(ROLE_ARN)).rejects.toMatchObject(NOT_ASSUMABLE);
  });
});

describe("a sandbox's credentials", () => {
  it('are a session of the role with the name of the function', async () => {
    const credentials = await roles.issueRoleCredentials(ROLE_ARN, { name: 'f'.repeat(80) }, 900);
    const principalArn = `arn:aws:sts::${ACCOUNT}:assumed-role/r/${'f'.repeat(64)}`;
    expect(await iam.keyStore.read(credentials.accessKeyId)).toMatchObject({
      accountId: ACCOUNT,
      principalArn,
      active: true,
      expiresAt: credentials.expiration.getTime(),
    });
    expect(
      await new PrincipalPolicyStore(iam.database).load({
        accountId: ACCOUNT,
        principalArn,
        accessKeyId: credentials.accessKeyId,
      }),
    ).toMatchObject({ kind: 'assumed-role', roleArn: ROLE_ARN });
    expect(credentials.expiration.getTime() - Date.now()).toBeLessThanOrEqual(900_000);
  });

  it('are refused once revoked, and not given when the role is gone or trusts Lambda no more', async () => {
    const credentials = await roles.issueRoleCredentials(ROLE_ARN, { name: 'f' }, 900);
    await roles.revoke(credentials.accessKeyId);
    await roles.revoke(credentials.accessKeyId);
    expect(await iam.keyStore.read(credentials.accessKeyId)).toBeUndefined();
    await iam.call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: LAMBDA_TRUST.replace('lambda.', 'events.') });
    await expect(roles.issueRoleCredentials(ROLE_ARN, { name: 'f' }, 900)).rejects.toMatchObject(NOT_ASSUMABLE);
    await iam.call('DeleteRole', { RoleName: 'r' });
    await expect(roles.issueRoleCredentials(ROLE_ARN, { name: 'f' }, 900)).rejects.toMatchObject(NOT_ASSUMABLE);
  });
});
