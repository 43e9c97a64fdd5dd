import { ACCOUNT, ALLOW_ALL, OTHER_ACCOUNT, useIam } from './testing/iam-fixture.js';

const iam = useIam();
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

describe('users', () => {
  it('are made, told, renamed and deleted as AWS does', async () => {
    const { User } = await iam.call('CreateUser', { UserName: 'Ann', Path: '/team/', Tags: [{ Key: 'k', Value: 'v' }] });
    expect(User).toEqual({
      Path: '/team/',
      UserName: 'Ann',
      UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${ACCOUNT}:user/team/Ann`,
      CreateDate: expect.any(Date),
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    expect((await iam.call('GetUser', { UserName: 'Ann' })).User).toEqual(User);
    expect((await iam.call('GetUser', {}, { principalArn: User.Arn })).User).toEqual(User);
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'Ann' });
    expect(await iam.call('UpdateUser', { UserName: 'Ann', NewUserName: 'anna', NewPath: '/' })).toEqual({});
    await expect(iam.call('GetUser', { UserName: 'Ann' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      status: 404,
      message: 'The user with name Ann cannot be found.',
    });
    expect((await iam.call('GetUser', { UserName: 'anna' })).User).toMatchObject({
      UserId: User.UserId,
      Arn: `arn:aws:iam::${ACCOUNT}:user/anna`,
    });
    expect(await iam.keyStore.read(AccessKey.AccessKeyId)).toMatchObject({
      principalArn: `arn:aws:iam::${ACCOUNT}:user/anna`,
      identityId: User.UserId,
    });
    await expect(iam.call('DeleteUser', { UserName: 'anna' })).rejects.toMatchObject({
      code: 'DeleteConflict',
      status: 409,
      message: 'Cannot delete entity, must delete access keys first.',
    });
    await iam.call('DeleteAccessKey', { UserName: 'anna', AccessKeyId: AccessKey.AccessKeyId });
    expect(await iam.call('DeleteUser', { UserName: 'anna' })).toEqual({});
    await expect(iam.call('DeleteUser', { UserName: 'anna' })).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });

  it('have names that are unique without regard to case, and found only as written', async () => {
    await iam.call('CreateUser', { UserName: 'Ann' });
    await iam.call('CreateUser', { UserName: 'bob' });
    await expect(iam.call('CreateUser', { UserName: 'ANN' })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
      status: 409,
      message: 'User with name ANN already exists.',
    });
    await expect(iam.call('UpdateUser', { UserName: 'bob', NewUserName: 'aNN' })).rejects.toMatchObject({
      code: 'EntityAlreadyExists',
    });
    await expect(iam.call('GetUser', { UserName: 'ann' })).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });

  it('belong to one account', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await expect(iam.call('GetUser', { UserName: 'u' }, { accountId: OTHER_ACCOUNT })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    expect((await iam.call('ListUsers', {}, { accountId: OTHER_ACCOUNT })).Users).toEqual([]);
    await iam.call('CreateUser', { UserName: 'u' }, { accountId: OTHER_ACCOUNT });
  });

  it('are the caller when no name is given: the root, a user, but no session', async () => {
    expect((await iam.call('GetUser')).User).toEqual({
      UserId: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:root`,
      CreateDate: expect.any(Date),
    });
    await expect(iam.call('GetUser', {}, { principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s` })).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'Must specify userName when calling with non-User credentials',
    });
  });

  it('are not deleted while anything hangs on them', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('CreateGroup', { GroupName: 'g' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    await expect(iam.call('DeleteUser', { UserName: 'u' })).rejects.toThrow(
      'Cannot delete entity, must remove users from group first.',
    );
    await iam.call('RemoveUserFromGroup', { GroupName: 'g', UserName: 'u' });
    await iam.call('AttachUserPolicy', { UserName: 'u', PolicyArn: BASIC });
    await expect(iam.call('DeleteUser', { UserName: 'u' })).rejects.toThrow(
      'Cannot delete entity, must detach all policies first.',
    );
    await iam.call('DetachUserPolicy', { UserName: 'u', PolicyArn: BASIC });
    await iam.call('PutUserPolicy', { UserName: 'u', PolicyName: 'i', PolicyDocument: ALLOW_ALL });
    await expect(iam.call('DeleteUser', { UserName: 'u' })).rejects.toThrow('Cannot delete entity, must delete policies first.');
    await iam.call('DeleteUserPolicy', { UserName: 'u', PolicyName: 'i' });
    await iam.call('DeleteUser', { UserName: 'u' });
  });
});

describe('access keys', () => {
  it('are made, listed, switched off and deleted; two a user', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
    expect(AccessKey).toEqual({
      UserName: 'u',
      AccessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
      Status: 'Active',
      SecretAccessKey: expect.stringMatching(/^\S{40}$/),
      CreateDate: expect.any(Date),
    });
    await iam.call('CreateAccessKey', {}, { principalArn: `arn:aws:iam::${ACCOUNT}:user/u` });
    await expect(iam.call('CreateAccessKey', { UserName: 'u' })).rejects.toMatchObject({
      code: 'LimitExceeded',
      status: 409,
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    await iam.call('UpdateAccessKey', { UserName: 'u', AccessKeyId: AccessKey.AccessKeyId, Status: 'Inactive' });
    expect(await iam.keyStore.lookup(AccessKey.AccessKeyId)).toMatchObject({ active: false });
    const { AccessKeyMetadata } = await iam.call('ListAccessKeys', { UserName: 'u' });
    expect(AccessKeyMetadata).toHaveLength(2);
    expect(AccessKeyMetadata).toContainEqual({
      UserName: 'u',
      AccessKeyId: AccessKey.AccessKeyId,
      Status: 'Inactive',
      CreateDate: expect.any(Date),
    });
    expect(await iam.call('GetAccessKeyLastUsed', { AccessKeyId: AccessKey.AccessKeyId })).toEqual({
      UserName: 'u',
      AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' },
    });
    await iam.call('DeleteAccessKey', { UserName: 'u', AccessKeyId: AccessKey.AccessKeyId });
    await expect(iam.call('DeleteAccessKey', { UserName: 'u', AccessKeyId: AccessKey.AccessKeyId })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `The Access Key with id ${AccessKey.AccessKeyId} cannot be found.`,
    });
  });

  it('of one user are none of another, nor of another account', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('CreateUser', { UserName: 'v' });
    const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'u' });
    await expect(
      iam.call('UpdateAccessKey', { UserName: 'v', AccessKeyId: AccessKey.AccessKeyId, Status: 'Inactive' }),
    ).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await expect(iam.call('DeleteAccessKey', { AccessKeyId: AccessKey.AccessKeyId })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    await expect(
      iam.call('GetAccessKeyLastUsed', { AccessKeyId: AccessKey.AccessKeyId }, { accountId: OTHER_ACCOUNT }),
    ).rejects.toMatchObject({ code: 'NoSuchEntity' });
    expect((await iam.call('ListAccessKeys')).AccessKeyMetadata).toHaveLength(1); // The root's own.
  });

  it('of the same user stay two when many are made at once', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => iam.call('CreateAccessKey', { UserName: 'u' })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect((await iam.call('ListAccessKeys', { UserName: 'u' })).AccessKeyMetadata).toHaveLength(2);
  });
});
