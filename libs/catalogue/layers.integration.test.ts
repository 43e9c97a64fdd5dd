import { randomBytes } from 'node:crypto';
import { arnOf, CatalogueFixture, context, until, zipOf, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process({ packageGraceMs: 0 });
});
afterAll(() => fixture.destroy());

const layerArn = (name: string, version?: number) => `arn:aws:lambda:us-east-1:123456789012:layer:${name}${version === undefined ? '' : `:${version}`}`;
const publish = async (LayerName: string, more: object = {}) => hearth.call('PublishLayerVersion', { LayerName, Content: { ZipFile: await zipOf(randomBytes(8).toString('hex')) }, ...more });
const stranger = { ...context, accountId: '210987654321', principalArn: 'arn:aws:iam::210987654321:root' };
const asStranger = (operation: string, input: object): Promise<any> => hearth.catalogue.operations[operation]!(input, stranger);

describe('layer versions', () => {
  it('are published, read and deleted; their numbers are not given again', async () => {
    const made = await publish('one', { Description: 'd', CompatibleRuntimes: ['nodejs22.x'], CompatibleArchitectures: ['x86_64'], LicenseInfo: 'MIT' });
    expect(made).toEqual({
      Content: { Location: expect.stringContaining('/code/one/1'), CodeSha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/), CodeSize: expect.any(Number) },
      LayerArn: layerArn('one'),
      LayerVersionArn: layerArn('one', 1),
      Description: 'd',
      CreatedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
      Version: 1,
      CompatibleRuntimes: ['nodejs22.x'],
      CompatibleArchitectures: ['x86_64'],
      LicenseInfo: 'MIT',
    });
    expect(await hearth.call('GetLayerVersion', { LayerName: layerArn('one'), VersionNumber: 1 })).toEqual(made);
    expect(await hearth.call('GetLayerVersionByArn', { Arn: layerArn('one', 1) })).toEqual(made);
    expect(await hearth.call('DeleteLayerVersion', { LayerName: 'one', VersionNumber: 1 })).toEqual({});
    expect(await hearth.call('DeleteLayerVersion', { LayerName: 'one', VersionNumber: 1 })).toEqual({});
    await expect(hearth.call('GetLayerVersion', { LayerName: 'one', VersionNumber: 1 })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await expect(hearth.call('GetLayerVersion', { LayerName: 'one', VersionNumber: 0 })).rejects.toMatchObject({ status: 400, message: 'Layer Version Cannot be less than 1' });
    expect((await publish('one')).Version).toBe(2);
  });

  it('get different numbers when they are published at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => publish('busy')));
    expect(made.map(({ Version }) => Version).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('are listed by what they suit, in pages that hold under change', async () => {
    for (const name of ['list-b', 'list-d']) await publish(name, { CompatibleRuntimes: ['python3.13'], CompatibleArchitectures: ['arm64'] });
    await publish('list-d', { CompatibleRuntimes: ['nodejs22.x'] });
    const python = { CompatibleRuntime: 'python3.13', CompatibleArchitecture: 'arm64' };
    const first = await hearth.call('ListLayers', { ...python, MaxItems: 1 });
    expect(first.Layers).toMatchObject([{ LayerName: 'list-b', LayerArn: layerArn('list-b'), LatestMatchingVersion: { Version: 1 } }]);
    await publish('list-a', { CompatibleRuntimes: ['python3.13'], CompatibleArchitectures: ['arm64'] });
    const second = await hearth.call('ListLayers', { ...python, MaxItems: 1, Marker: first.NextMarker });
    expect(second).toMatchObject({ Layers: [{ LayerName: 'list-d', LatestMatchingVersion: { Version: 1 } }] });
    expect(second.NextMarker).toBeUndefined();
    for (let index = 0; index < 3; index++) await publish('list-d');
    const versions = await hearth.call('ListLayerVersions', { LayerName: 'list-d', MaxItems: 2 });
    expect(versions.LayerVersions.map(({ Version }: any) => Version)).toEqual([5, 4]);
    await publish('list-d');
    expect((await hearth.call('ListLayerVersions', { LayerName: 'list-d', Marker: versions.NextMarker })).LayerVersions.map(({ Version }: any) => Version)).toEqual([3, 2, 1]);
    expect(await hearth.call('ListLayerVersions', { LayerName: 'nope' })).toEqual({ LayerVersions: [] });
  });

  it('can be shared by their policy', async () => {
    await publish('shared');
    const layer = { LayerName: 'shared', VersionNumber: 1 };
    await expect(hearth.call('GetLayerVersionPolicy', layer)).rejects.toMatchObject({ status: 404, message: 'No policy is associated with the given resource.' });
    const add = (more: object) => hearth.call('AddLayerVersionPermission', { ...layer, StatementId: 's', Action: 'lambda:GetLayerVersion', Principal: '210987654321', ...more });
    const added = await add({});
    const statement = { Sid: 's', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::210987654321:root' }, Action: 'lambda:GetLayerVersion', Resource: layerArn('shared', 1) };
    expect(JSON.parse(added.Statement)).toEqual(statement);
    const policy = await hearth.call('GetLayerVersionPolicy', layer);
    expect([JSON.parse(policy.Policy), policy.RevisionId]).toEqual([{ Version: '2012-10-17', Id: 'default', Statement: [statement] }, added.RevisionId]);
    expect((await asStranger('GetLayerVersion', { LayerName: layerArn('shared'), VersionNumber: 1 })).Version).toBe(1);
    await expect(asStranger('DeleteLayerVersion', { LayerName: layerArn('shared'), VersionNumber: 1 })).rejects.toMatchObject({ code: 'AccessDeniedException' });
    await expect(add({})).rejects.toMatchObject({ status: 409, message: 'The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.' });
    await expect(add({ StatementId: 't', RevisionId: 'x' })).rejects.toMatchObject({ status: 412, message: 'The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id' });
    const organized = await add({ StatementId: 'o', Principal: '*', OrganizationId: 'o-1234567890' });
    expect(JSON.parse(organized.Statement)).toMatchObject({ Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } } });
    await expect(hearth.call('RemoveLayerVersionPermission', { ...layer, StatementId: 'x' })).rejects.toMatchObject({ status: 404, message: 'Statement x is not found in resource policy.' });
    expect(await hearth.call('RemoveLayerVersionPermission', { ...layer, StatementId: 's' })).toEqual({});
    await expect(hearth.call('AddLayerVersionPermission', { ...layer, VersionNumber: 9, StatementId: 's', Action: 'lambda:GetLayerVersion', Principal: '*' })).rejects.toMatchObject({ status: 404 });
  });
});

describe('layers of functions', () => {
  it('are shown with their sizes, replaced and cleared', async () => {
    const layers = [await publish('used-a'), await publish('used-b')];
    const shown = layers.map(({ LayerVersionArn, Content }) => ({ Arn: LayerVersionArn, CodeSize: Content.CodeSize }));
    const made = await hearth.create('user', { Layers: [layerArn('used-a', 1)] });
    expect(made.Layers).toEqual(shown.slice(0, 1));
    await hearth.settled('user');
    expect((await hearth.resolve('user')).layers).toHaveLength(1);
    const changed = await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'user', Layers: [layerArn('used-b', 1), layerArn('used-a', 1)] });
    expect(changed.Layers).toEqual(shown.toReversed());
    expect(changed.ConfigSha256).not.toBe(made.ConfigSha256);
    // Until the update is applied, invocations run with what was there before.
    await hearth.settled('user');
    expect((await hearth.resolve('user')).layers).toHaveLength(2);
    const published = await hearth.call('PublishVersion', { FunctionName: 'user' });
    expect(published.Layers).toEqual(shown.toReversed());
    expect((await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'user', Timeout: 9 })).Layers).toHaveLength(2);
    await hearth.settled('user');
    expect((await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'user', Layers: [] })).Layers).toBeUndefined();
    await hearth.settled('user');
    expect((await hearth.resolve('user')).layers).toBeUndefined();
    expect((await hearth.call('GetFunctionConfiguration', { FunctionName: 'user:1' })).Layers).toHaveLength(2);
  });

  it('are refused as the specification says', async () => {
    await publish('twice');
    await publish('twice');
    for (let index = 0; index < 6; index++) await publish(`many-${index}`);
    const create = (Layers: string[]) => hearth.create('refused', { Layers });
    const refusal = (message: string) => ({ code: 'InvalidParameterValueException', status: 400, message });
    await expect(create(Array.from({ length: 6 }, (_, index) => layerArn(`many-${index}`, 1)))).rejects.toMatchObject(refusal('Cannot reference more than 5 layers.'));
    await expect(create([layerArn('nope', 1)])).rejects.toMatchObject(refusal(`Layer version ${layerArn('nope', 1)} does not exist.`));
    await expect(create([layerArn('twice', 1), layerArn('twice', 2)])).rejects.toMatchObject(
      refusal(`Two different versions of the same layer are not allowed to be referenced in the same function. ${layerArn('twice', 1)} and ${layerArn('twice', 2)} are versions of the same layer.`),
    );
    await expect(create([layerArn('twice', 1).replace('us-east-1', 'eu-west-1')])).rejects.toMatchObject(refusal('Layers are not in the same region as the function. Layers are expected to be in region us-east-1.'));
    // Zeros compress well: each of these fills most of what code and layers may have together.
    const zeros = async (name: string) => hearth.call('PublishLayerVersion', { LayerName: name, Content: { ZipFile: await zipOf('\0'.repeat(135_000_000)) } });
    await zeros('big-a');
    await zeros('big-b');
    await expect(create([layerArn('big-a', 1), layerArn('big-b', 1)])).rejects.toMatchObject(refusal('Unzipped size must be smaller than 262144000 bytes'));
    expect((await create([layerArn('big-a', 1)])).Layers).toHaveLength(1);
  });

  it('stay when the layer version is deleted, and their packages go when nobody uses them any more', async () => {
    await publish('doomed');
    await hearth.create('holder', { Layers: [layerArn('doomed', 1)] });
    await hearth.settled('holder');
    const [digest] = (await hearth.resolve('holder')).layers!;
    await hearth.call('DeleteLayerVersion', { LayerName: 'doomed', VersionNumber: 1 });
    await hearth.catalogue.sweepPackages();
    expect(await fixture.packages.has(digest!)).toBe(true);
    // The same list again is no new use.
    expect((await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'holder', Layers: [layerArn('doomed', 1)] })).Layers).toHaveLength(1);
    await hearth.settled('holder');
    await expect(hearth.create('late', { Layers: [layerArn('doomed', 1)] })).rejects.toMatchObject({ message: `Layer version ${layerArn('doomed', 1)} does not exist.` });
    await hearth.call('PublishVersion', { FunctionName: 'holder' });
    await hearth.call('UpdateFunctionConfiguration', { FunctionName: 'holder', Layers: [] });
    await hearth.settled('holder');
    await hearth.catalogue.sweepPackages();
    expect(await fixture.packages.has(digest!)).toBe(true);
    await hearth.call('DeleteFunction', { FunctionName: arnOf('holder') });
    await until(async () => {
      await hearth.catalogue.sweepPackages();
      return (await fixture.packages.has(digest!)) ? undefined : true;
    });
  });

  it('survive a sweep that runs while the same content is deleted and published again', async () => {
    const ZipFile = await zipOf('the same content');
    const again = () => hearth.call('PublishLayerVersion', { LayerName: 'same', Content: { ZipFile } });
    for (let round = 0; round < 10; round++) {
      const { Version } = await again();
      await Promise.all([hearth.call('DeleteLayerVersion', { LayerName: 'same', VersionNumber: Version }), again(), hearth.catalogue.sweepPackages(), hearth.catalogue.sweepPackages()]);
      const { LayerVersions } = await hearth.call('ListLayerVersions', { LayerName: 'same' });
      const { rows } = await hearth.database.pool.query(`SELECT DISTINCT code_digest FROM layer_versions v JOIN layers l ON l.id = v.layer_id WHERE l.name = 'same'`);
      expect(LayerVersions.length).toBeGreaterThan(0);
      expect(await fixture.packages.has(rows[0].code_digest)).toBe(true);
      for (const { Version: left } of LayerVersions) await hearth.call('DeleteLayerVersion', { LayerName: 'same', VersionNumber: left });
    }
  });
});
