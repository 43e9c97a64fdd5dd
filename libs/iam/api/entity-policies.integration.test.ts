import { ACCOUNT, ALLOW_ALL, useIam } from './testing/iam-fixture.js';

const iam = useIam();
const USER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/p`;
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

const decoded = (document: string): unknown => JSON.parse(decodeURIComponent(document));

describe.each([
  ['User', 'UserName'],
  ['Group', 'GroupName'],
  ['Role', 'RoleName'],
])('policies of a %s', (label, member) => {
  const entity = { [member]: 'e' };

  beforeEach(async () => {
    if (label === 'Role') await iam.createRole('e');
    else await iam.call(`Create${label}`, entity);
  });

  it('are attached once and detached', async () => {
    await iam.createPolicy('p');
    await iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: USER_POLICY });
    await iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: USER_POLICY });
    await iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: BASIC });
    expect(await iam.call(`ListAttached${label}Policies`, entity)).toEqual({
      AttachedPolicies: [
        { PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: BASIC },
        { PolicyName: 'p', PolicyArn: USER_POLICY },
      ],
      IsTruncated: false,
    });
    expect(
      (await iam.call(`ListAttached${label}Policies`, { ...entity, PathPrefix: '/service-role/' })).AttachedPolicies,
    ).toHaveLength(1);
    await expect(iam.call('DeletePolicy', { PolicyArn: USER_POLICY })).rejects.toMatchObject({
      code: 'DeleteConflict',
      message: 'Cannot delete a policy attached to entities.',
    });
    await iam.call(`Detach${label}Policy`, { ...entity, PolicyArn: USER_POLICY });
    await expect(iam.call(`Detach${label}Policy`, { ...entity, PolicyArn: USER_POLICY })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `Policy ${USER_POLICY} was not found.`,
    });
    await iam.call('DeletePolicy', { PolicyArn: USER_POLICY });
    await expect(iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: USER_POLICY })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `Policy ${USER_POLICY} does not exist or is not attachable.`,
    });
    await expect(iam.call(`Attach${label}Policy`, { [member]: 'nobody', PolicyArn: BASIC })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
  });

  it('are attached up to ten, also when many are attached at once', async () => {
    for (let index = 0; index < 12; index++) await iam.createPolicy(`p${index}`);
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) =>
        iam.call(`Attach${label}Policy`, { ...entity, PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p${index}` }),
      ),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toMatchObject(
      Array(2).fill({ reason: { code: 'LimitExceeded', message: `Cannot exceed quota for PoliciesPer${label}: 10` } }),
    );
  });

  it('are put, told, listed and deleted inline, up to the size that all of them may have', async () => {
    await iam.call(`Put${label}Policy`, {
      ...entity,
      PolicyName: 'b',
      PolicyDocument: '{ "Version": "2012-10-17", "Statement": [] }'.replace(
        '[]',
        '[{"Effect":"Allow","Action":"*","Resource":"*"}]',
      ),
    });
    await iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'a', PolicyDocument: ALLOW_ALL });
    await iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'a', PolicyDocument: ALLOW_ALL.replace('Allow', 'Deny') });
    expect(await iam.call(`List${label}Policies`, entity)).toEqual({ PolicyNames: ['a', 'b'], IsTruncated: false });
    const found = await iam.call(`Get${label}Policy`, { ...entity, PolicyName: 'a' });
    expect(found).toMatchObject({ ...entity, PolicyName: 'a' });
    expect(decoded(found.PolicyDocument)).toMatchObject({ Statement: [{ Effect: 'Deny' }] });
    const long = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Sid: 'x'.repeat(11_000), Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    await expect(iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'c', PolicyDocument: long })).rejects.toMatchObject({
      code: 'LimitExceeded',
      message: expect.stringMatching(/^Maximum policy size of \d+ bytes exceeded for (user|group|role) e$/),
    });
    await expect(iam.call(`Put${label}Policy`, { ...entity, PolicyName: 'c', PolicyDocument: 'no' })).rejects.toMatchObject({
      code: 'MalformedPolicyDocument',
    });
    await iam.call(`Delete${label}Policy`, { ...entity, PolicyName: 'a' });
    await expect(iam.call(`Get${label}Policy`, { ...entity, PolicyName: 'a' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      message: `The ${label.toLowerCase()} policy with name a cannot be found.`,
    });
    await expect(iam.call(`Delete${label}Policy`, { ...entity, PolicyName: 'a' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
  });
});

describe.each([
  ['User', 'UserName'],
  ['Role', 'RoleName'],
])('a %s', (label, member) => {
  const entity = { [member]: 'e' };

  beforeEach(async () => {
    await iam.createPolicy('p');
    if (label === 'Role') await iam.createRole('e', { PermissionsBoundary: USER_POLICY });
    else await iam.call('CreateUser', { ...entity, PermissionsBoundary: USER_POLICY });
  });

  it('has a boundary that can be replaced and taken away, and a policy is not deleted while it is one', async () => {
    expect((await iam.call(`Get${label}`, entity))[label].PermissionsBoundary).toEqual({
      PermissionsBoundaryType: 'Policy',
      PermissionsBoundaryArn: USER_POLICY,
    });
    await expect(iam.call('DeletePolicy', { PolicyArn: USER_POLICY })).rejects.toMatchObject({ code: 'DeleteConflict' });
    await iam.call(`Put${label}PermissionsBoundary`, { ...entity, PermissionsBoundary: BASIC });
    await iam.call('DeletePolicy', { PolicyArn: USER_POLICY });
    await iam.call(`Delete${label}PermissionsBoundary`, entity);
    expect((await iam.call(`Get${label}`, entity))[label]).not.toHaveProperty('PermissionsBoundary');
    await expect(iam.call(`Delete${label}PermissionsBoundary`, entity)).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });

  it('has up to fifty tags with keys that are unique without regard to case', async () => {
    await iam.call(`Tag${label}`, {
      ...entity,
      Tags: [
        { Key: 'Team', Value: 'a' },
        { Key: 'x', Value: '' },
      ],
    });
    await iam.call(`Tag${label}`, { ...entity, Tags: [{ Key: 'team', Value: 'b' }] });
    expect((await iam.call(`List${label}Tags`, entity)).Tags).toEqual([
      { Key: 'team', Value: 'b' },
      { Key: 'x', Value: '' },
    ]);
    await iam.call(`Untag${label}`, { ...entity, TagKeys: ['TEAM', 'unknown'] });
    expect((await iam.call(`List${label}Tags`, entity)).Tags).toEqual([{ Key: 'x', Value: '' }]);
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
    await expect(iam.call(`Tag${label}`, { ...entity, Tags: many })).rejects.toMatchObject({ code: 'LimitExceeded' });
    await expect(
      iam.call(`Tag${label}`, {
        ...entity,
        Tags: [
          { Key: 'a', Value: '' },
          { Key: 'A', Value: '' },
        ],
      }),
    ).rejects.toMatchObject({
      code: 'InvalidInput',
      message: 'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    });
    await expect(iam.call(`Tag${label}`, { ...entity, Tags: [{ Key: 'aws:x', Value: '' }] })).rejects.toMatchObject({
      code: 'InvalidInput',
    });
    await Promise.all(many.slice(0, 8).map((tag) => iam.call(`Tag${label}`, { ...entity, Tags: [tag] })));
    expect((await iam.all(`List${label}Tags`, 'Tags', { ...entity, MaxItems: 4 })).pages).toEqual([4, 4, 1]);
  });
});

describe.each([
  ['Policy', { PolicyArn: USER_POLICY }],
  ['InstanceProfile', { InstanceProfileName: 'e' }],
])('a %s', (label, entity) => {
  it('has tags from its making on, which are set and taken away', async () => {
    if (label === 'Policy')
      await iam.call('CreatePolicy', { PolicyName: 'p', PolicyDocument: ALLOW_ALL, Tags: [{ Key: 'a', Value: '1' }] });
    else await iam.call('CreateInstanceProfile', { ...entity, Tags: [{ Key: 'a', Value: '1' }] });
    await iam.call(`Tag${label}`, { ...entity, Tags: [{ Key: 'b', Value: '2' }] });
    const tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    expect(await iam.call(`List${label}Tags`, entity)).toEqual({ Tags: tags, IsTruncated: false });
    expect((await iam.call(`Get${label}`, entity))[label].Tags).toEqual(tags);
    await iam.call(`Untag${label}`, { ...entity, TagKeys: ['a', 'b'] });
    expect((await iam.call(`Get${label}`, entity))[label]).not.toHaveProperty('Tags');
  });

  it('that does not exist has none', async () => {
    await expect(iam.call(`Tag${label}`, { ...entity, Tags: [] })).rejects.toMatchObject({ code: 'NoSuchEntity', status: 404 });
    await expect(iam.call(`Get${label}`, entity)).rejects.toMatchObject({ code: 'NoSuchEntity', status: 404 });
  });
});

it('policies of AWS are not tagged', async () => {
  await expect(iam.call('TagPolicy', { PolicyArn: BASIC, Tags: [] })).rejects.toMatchObject({
    code: 'InvalidInput',
    status: 400,
  });
});
