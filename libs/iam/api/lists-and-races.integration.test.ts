import { ACCOUNT, ALLOW_ALL, useIam } from './testing/iam-fixture.js';

const iam = useIam();
const USER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/p`;

describe('lists', () => {
  it('page by name without repeating or skipping what stays, while entities come and go', async () => {
    for (const name of ['b', 'D', 'f', 'H', 'j', 'l']) await iam.call('CreateUser', { UserName: name });
    const first = await iam.call('ListUsers', { MaxItems: 3 });
    expect(first.Users.map((user: { UserName: string }) => user.UserName)).toEqual(['b', 'D', 'f']);
    await iam.call('DeleteUser', { UserName: 'f' });
    await iam.call('DeleteUser', { UserName: 'b' });
    await iam.call('CreateUser', { UserName: 'a' });
    await iam.call('CreateUser', { UserName: 'k' });
    const second = await iam.call('ListUsers', { MaxItems: 3, Marker: first.Marker });
    expect(second.Users.map((user: { UserName: string }) => user.UserName)).toEqual(['H', 'j', 'k']);
    expect((await iam.call('ListUsers', { MaxItems: 3, Marker: second.Marker })).Users).toMatchObject([{ UserName: 'l' }]);
    await expect(iam.call('ListUsers', { Marker: 'made up' })).rejects.toMatchObject({ code: 'ValidationError', status: 400 });
  });

  it('of an account are counted in its summary', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.createPolicy('p');
    expect((await iam.call('GetAccountSummary')).SummaryMap).toMatchObject({
      Users: 1,
      Groups: 0,
      Roles: 0,
      Policies: 1,
      PolicyVersionsInUse: 1,
      AccessKeysPerUserQuota: 2,
      AccountAccessKeysPresent: 1,
    });
    expect(await iam.call('ListAccountAliases')).toEqual({ AccountAliases: [], IsTruncated: false });
  });
});

describe('operations at the same time', () => {
  it('make one entity of a name', async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => iam.createRole(index % 2 === 0 ? 'same' : 'SAME')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('never leave a policy attached that was deleted, nor delete one that is attached', async () => {
    await iam.createRole();
    for (let round = 0; round < 15; round++) {
      await iam.createPolicy(`p${round}`);
      const arn = `arn:aws:iam::${ACCOUNT}:policy/p${round}`;
      const [attached, deleted] = await Promise.allSettled([
        iam.call('AttachRolePolicy', { RoleName: 'r', PolicyArn: arn }),
        iam.call('DeletePolicy', { PolicyArn: arn }),
      ]);
      expect([attached.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
      if (attached.status === 'rejected') expect(attached.reason).toMatchObject({ code: 'NoSuchEntity' });
      else expect((deleted as PromiseRejectedResult).reason).toMatchObject({ code: 'DeleteConflict' });
      if (attached.status === 'fulfilled') await iam.call('DetachRolePolicy', { RoleName: 'r', PolicyArn: arn });
    }
  });

  it('never delete a role to which something is being attached', async () => {
    for (let round = 0; round < 15; round++) {
      await iam.createRole(`r${round}`);
      const [put, deleted] = await Promise.allSettled([
        iam.call('PutRolePolicy', { RoleName: `r${round}`, PolicyName: 'p', PolicyDocument: ALLOW_ALL }),
        iam.call('DeleteRole', { RoleName: `r${round}` }),
      ]);
      expect([put.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('make five versions at most', async () => {
    await iam.createPolicy('p');
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        iam.call('CreatePolicyVersion', { PolicyArn: USER_POLICY, PolicyDocument: ALLOW_ALL, SetAsDefault: true }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    const { Versions } = await iam.call('ListPolicyVersions', { PolicyArn: USER_POLICY });
    expect(Versions.filter((version: { IsDefaultVersion: boolean }) => version.IsDefaultVersion)).toHaveLength(1);
  });
});
