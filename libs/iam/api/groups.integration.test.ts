import { ACCOUNT, useIam } from './testing/iam-fixture.js';

const iam = useIam();

describe('groups', () => {
  it('have members, and are not deleted with them', async () => {
    const { Group } = await iam.call('CreateGroup', { GroupName: 'g', Path: '/x/' });
    expect(Group).toEqual({
      Path: '/x/',
      GroupName: 'g',
      GroupId: expect.stringMatching(/^AGPA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${ACCOUNT}:group/x/g`,
      CreateDate: expect.any(Date),
    });
    await iam.call('CreateUser', { UserName: 'u' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    await iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'u' });
    expect(await iam.call('GetGroup', { GroupName: 'g' })).toMatchObject({
      Group,
      Users: [{ UserName: 'u' }],
      IsTruncated: false,
    });
    expect((await iam.call('ListGroupsForUser', { UserName: 'u' })).Groups).toEqual([Group]);
    expect((await iam.call('ListGroups', { PathPrefix: '/y/' })).Groups).toEqual([]);
    await expect(iam.call('DeleteGroup', { GroupName: 'g' })).rejects.toThrow(
      'Cannot delete entity, must remove users from group first.',
    );
    await iam.call('RemoveUserFromGroup', { GroupName: 'g', UserName: 'u' });
    await expect(iam.call('RemoveUserFromGroup', { GroupName: 'g', UserName: 'u' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
    await expect(iam.call('AddUserToGroup', { GroupName: 'h', UserName: 'u' })).rejects.toThrow(
      'The group with name h cannot be found.',
    );
    await expect(iam.call('AddUserToGroup', { GroupName: 'g', UserName: 'w' })).rejects.toThrow(
      'The user with name w cannot be found.',
    );
    await iam.call('UpdateGroup', { GroupName: 'g', NewGroupName: 'h' });
    await iam.call('DeleteGroup', { GroupName: 'h' });
  });

  it('are at most ten for a user', async () => {
    await iam.call('CreateUser', { UserName: 'u' });
    for (let index = 0; index < 11; index++) await iam.call('CreateGroup', { GroupName: `g${index}` });
    const results = await Promise.allSettled(
      Array.from({ length: 11 }, (_, index) => iam.call('AddUserToGroup', { GroupName: `g${index}`, UserName: 'u' })),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'LimitExceeded', message: 'Cannot exceed quota for GroupsPerUser: 10' } },
    ]);
  });
});
