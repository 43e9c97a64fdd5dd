import { createNetwork, deleteNetwork, listNetworks, type Network } from './networks/network-store.js';
import { CatalogueFixture, context, type Process } from './testing/catalogue-fixture.js';

const { accountId } = context;
let fixture: CatalogueFixture;
let hearth: Process;
let office: Network;
let plant: Network;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process();
  const { pool } = hearth.database;
  for (const id of [accountId, '210987654321'])
    await pool.query('INSERT INTO accounts (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [id, id]);
  office = (await createNetwork(pool, { accountId, name: 'office', dockerNetwork: 'office-net' }))!;
  plant = (await createNetwork(pool, { accountId, name: 'plant', dockerNetwork: 'plant-net' }))!;
});
afterAll(() => fixture.destroy());

const create = async (FunctionName: string, VpcConfig?: object): Promise<any> => hearth.create(FunctionName, { VpcConfig });
const update = async (FunctionName: string, VpcConfig?: object): Promise<any> =>
  hearth.call('UpdateFunctionConfiguration', { FunctionName, VpcConfig });
const networksOf = async (name: string): Promise<readonly string[] | undefined> => (await hearth.resolve(name)).networks;

describe('VpcConfig', () => {
  it('is absent for a function that never had one', async () => {
    expect((await create('without')).VpcConfig).toBeUndefined();
    expect((await create('empty', { SubnetIds: [], SecurityGroupIds: [] })).VpcConfig).toBeUndefined();
  });

  it('names networks by subnet and security group, and is what invocations see once the update is applied', async () => {
    const { SubnetIds, SecurityGroupIds } = {
      SubnetIds: [office.subnetId, plant.subnetId],
      SecurityGroupIds: [office.securityGroupId],
    };
    const made = await create('attached', { SubnetIds, SecurityGroupIds });
    expect(made.VpcConfig).toEqual({
      SubnetIds,
      SecurityGroupIds,
      VpcId: expect.stringMatching(/^vpc-[0-9a-f]{17}$/),
      Ipv6AllowedForDualStack: false,
    });
    await hearth.settled('attached');
    expect(await networksOf('attached')).toEqual(['office-net', 'plant-net']);
    await hearth.settled('attached');

    expect(
      (await update('attached', { SubnetIds: [plant.subnetId], SecurityGroupIds: [plant.securityGroupId] })).VpcConfig.SubnetIds,
    ).toEqual([plant.subnetId]);
    await hearth.settled('attached');
    expect(await networksOf('attached')).toEqual(['plant-net']);
    expect((await update('attached')).VpcConfig.SubnetIds).toEqual([plant.subnetId]);
    await hearth.settled('attached');
    expect(await deleteNetwork(hearth.database.pool, accountId, 'plant')).toBe('used');

    expect((await update('attached', { SubnetIds: [], SecurityGroupIds: [] })).VpcConfig).toEqual({
      SubnetIds: [],
      SecurityGroupIds: [],
      VpcId: '',
      Ipv6AllowedForDualStack: false,
    });
    await hearth.settled('attached');
    expect(await networksOf('attached')).toBeUndefined();
  });

  it('makes another configuration: a version is published for it', async () => {
    await create('published');
    await hearth.settled('published');
    const first = await hearth.call('PublishVersion', { FunctionName: 'published' });
    await update('published', { SubnetIds: [office.subnetId], SecurityGroupIds: [office.securityGroupId] });
    await hearth.settled('published');
    const second = await hearth.call('PublishVersion', { FunctionName: 'published' });
    expect([first.Version, second.Version, second.VpcConfig.SubnetIds]).toEqual(['1', '2', [office.subnetId]]);
    await hearth.call('DeleteFunction', { FunctionName: 'published' });
  });

  it('is refused as Lambda refuses it', async () => {
    const refused = async (VpcConfig: object, message: string): Promise<void> => {
      await expect(create('refused', VpcConfig)).rejects.toMatchObject({
        code: 'InvalidParameterValueException',
        status: 400,
        message: expect.stringContaining(message),
      });
    };
    await refused(
      { SubnetIds: ['subnet-1'], SecurityGroupIds: [office.securityGroupId] },
      "EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID 'subnet-1' does not exist",
    );
    await refused(
      { SubnetIds: [office.subnetId], SecurityGroupIds: ['sg-1'] },
      "EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group 'sg-1' does not exist",
    );
    await refused({ SubnetIds: [office.subnetId] }, 'subnetIds and securityGroupIds must coexist or be both empty list.');
    await refused({ SubnetIds: [office.subnetId], SecurityGroupIds: [plant.securityGroupId] }, 'is of none of the subnets');
    await refused(
      { SubnetIds: [office.subnetId], SecurityGroupIds: [office.securityGroupId], Ipv6AllowedForDualStack: true },
      'IPv4 only',
    );
  });

  it("does not know another account's networks", async () => {
    const foreign = (await createNetwork(hearth.database.pool, {
      accountId: '210987654321',
      name: 'office',
      dockerNetwork: 'theirs',
    }))!;
    await expect(
      create('refused', { SubnetIds: [foreign.subnetId], SecurityGroupIds: [foreign.securityGroupId] }),
    ).rejects.toMatchObject({ message: expect.stringContaining('InvalidSubnetID.NotFound') });
  });

  it('refers to networks that are made once and deleted when nobody is attached', async () => {
    const { pool } = hearth.database;
    expect(await createNetwork(pool, { accountId, name: 'office', dockerNetwork: 'x' })).toBeUndefined();
    expect((await listNetworks(pool, accountId)).map(({ name }) => name)).toEqual(['office', 'plant']);
    expect([await deleteNetwork(pool, accountId, 'office'), await deleteNetwork(pool, accountId, 'office')]).toEqual([
      'deleted',
      'unknown',
    ]);
  });
});
