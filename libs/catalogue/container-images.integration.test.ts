import { InfrastructureError, ServiceError } from '@hearth/kernel';
import type { ImageSource } from './image-source.js';
import { arnOf, CatalogueFixture, context, ROLE, zipOf, type Process } from './testing/catalogue-fixture.js';

const FIRST = 'a'.repeat(64);
const SECOND = 'b'.repeat(64);

/** Where tags point, and what goes wrong: a registry that a test can move. */
class Tags implements ImageSource {
  readonly tags = new Map([['registry.example.com/app:v1', FIRST]]);
  fault: Error | undefined;
  fetched: string[] = [];
  asked: string[] = [];

  async locate(uri: string, accountId: string) {
    this.asked.push(accountId);
    if (uri.endsWith('denied')) throw new ServiceError('ImageAccessDenied', 400, 'no access');
    if (uri.endsWith('unreachable')) throw new InfrastructureError('the registry is away');
    const digest = this.tags.get(uri);
    if (digest === undefined) throw new ServiceError('ImageDeleted', 400, `Source image ${uri} does not exist. Provide a valid source image.`);
    return { uri, digest, local: false };
  }

  async fetch({ digest }: { digest: string }, architecture: string): Promise<void> {
    if (this.fault) throw this.fault;
    this.fetched.push(`${digest} ${architecture}`);
  }
}

const URI = 'registry.example.com/app:v1';
let fixture: CatalogueFixture;
let images: Tags;
let process: Process;

const create = (name: string, more: Record<string, unknown> = {}) => process.call('CreateFunction', { FunctionName: name, Role: ROLE, PackageType: 'Image', Code: { ImageUri: URI }, ...more });
const refusal = (message: string) => expect.objectContaining({ code: 'InvalidParameterValueException', status: 400, message });

beforeAll(async () => {
  fixture = await CatalogueFixture.create();
});
afterAll(() => fixture.destroy());
beforeEach(() => {
  images = new Tags();
  process = fixture.process({ images, prepare: undefined });
});

describe('a container-image function', () => {
  it('is created Pending with the digest of its image, becomes Active when the image was fetched, and resolves to it', async () => {
    const answer = await create('app', { ImageConfig: { Command: ['app.handler'], WorkingDirectory: '/srv' }, Publish: true });
    expect(answer).toMatchObject({
      FunctionArn: arnOf('app'),
      Version: '1',
      PackageType: 'Image',
      CodeSha256: FIRST,
      CodeSize: 0,
      State: 'Pending',
      StateReasonCode: 'Creating',
      ImageConfigResponse: { ImageConfig: { Command: ['app.handler'], WorkingDirectory: '/srv' } },
    });
    for (const absent of ['Runtime', 'Handler', 'Layers']) expect(answer).not.toHaveProperty(absent);
    expect(await process.settled('app')).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
    expect(images.fetched).toContain(`${FIRST} x86_64`);
    expect(images.asked).toEqual([context.accountId]);
    expect((await process.call('GetFunction', { FunctionName: 'app' })).Code).toEqual({ RepositoryType: 'ECR', ImageUri: URI, ResolvedImageUri: `registry.example.com/app@sha256:${FIRST}` });
    expect(await process.resolve('app', '1')).toMatchObject({ runtime: '', handler: '', codeDigest: FIRST, image: { uri: URI, digest: FIRST, local: false, command: ['app.handler'], workingDirectory: '/srv' } });
    expect((await process.call('ListFunctions')).Functions).toContainEqual(expect.objectContaining({ FunctionName: 'app', PackageType: 'Image' }));
  });

  it('stays the same when its tag moves, until its code is updated; the old image serves until then', async () => {
    await create('moving');
    await process.settled('moving');
    images.tags.set(URI, SECOND);
    await process.call('UpdateFunctionConfiguration', { FunctionName: 'moving', ImageConfig: { EntryPoint: ['/other'] } });
    await process.settled('moving');
    expect((await process.resolve('moving')).image).toEqual({ uri: URI, digest: FIRST, local: false, entryPoint: ['/other'] });
    const published = await process.call('PublishVersion', { FunctionName: 'moving' });
    expect(published).toMatchObject({ Version: '1', PackageType: 'Image', CodeSha256: FIRST });

    images.fault = new ServiceError('InvalidImage', 400, 'made for linux/arm64');
    expect(await process.call('UpdateFunctionCode', { FunctionName: 'moving', ImageUri: URI })).toMatchObject({ CodeSha256: SECOND, LastUpdateStatus: 'InProgress' });
    expect(await process.settled('moving')).toMatchObject({ State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReasonCode: 'InvalidImage', LastUpdateStatusReason: 'made for linux/arm64' });
    expect((await process.resolve('moving')).image).toMatchObject({ digest: FIRST, entryPoint: ['/other'] });

    images.fault = undefined;
    await process.call('UpdateFunctionCode', { FunctionName: 'moving', ImageUri: URI });
    await process.settled('moving');
    expect((await process.resolve('moving')).image).toMatchObject({ digest: SECOND });
    expect((await process.resolve('moving', '1')).image).toMatchObject({ digest: FIRST });
  });

  it.each(['InvalidImage', 'ImageAccessDenied', 'ImageDeleted'])('whose image cannot be fetched is Failed with %s', async (code) => {
    images.fault = new ServiceError(code, 400, `it is ${code}`);
    await create(`failed-${code}`);
    expect(await process.settled(`failed-${code}`)).toMatchObject({ State: 'Failed', StateReasonCode: code, StateReason: `it is ${code}` });
  });

  it('is refused for an image that is not there, not readable or not given', async () => {
    await expect(create('none', { Code: { ImageUri: 'registry.example.com/app:v9' } })).rejects.toEqual(refusal('Source image registry.example.com/app:v9 does not exist. Provide a valid source image.'));
    await expect(create('none', { Code: { ImageUri: 'registry.example.com/denied' } })).rejects.toEqual(refusal('no access'));
    await expect(create('none', { Code: { ImageUri: 'registry.example.com/unreachable' } })).rejects.toMatchObject({ code: 'ServiceException', status: 500 });
    await expect(create('none', { Code: { ZipFile: await zipOf('x') } })).rejects.toEqual(refusal('Please provide ImageUri when creating a function with packageType Image.'));
    await expect(create('none', { Code: { ImageUri: URI, ZipFile: await zipOf('x') } })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  });

  it('never becomes one of an archive, nor the other way round', async () => {
    await create('image');
    await process.create('zip');
    await process.settled('image');
    await process.settled('zip');
    await expect(process.call('UpdateFunctionCode', { FunctionName: 'image', ZipFile: await zipOf('x') })).rejects.toEqual(refusal('Please provide ImageUri when updating a function with packageType Image.'));
    await expect(process.call('UpdateFunctionCode', { FunctionName: 'zip', ImageUri: URI })).rejects.toEqual(refusal("Please don't provide ImageUri when updating a function with packageType Zip."));
    await expect(process.call('UpdateFunctionConfiguration', { FunctionName: 'image', Runtime: 'nodejs22.x' })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    await expect(process.call('UpdateFunctionConfiguration', { FunctionName: 'zip', ImageConfig: { Command: ['x'] } })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  });

  it('leaves nothing behind when it is deleted', async () => {
    await create('gone');
    await process.settled('gone');
    await process.call('DeleteFunction', { FunctionName: 'gone' });
    const swept = fixture.process({ packageGraceMs: 0, images });
    await swept.catalogue.sweepPackages();
    expect((await process.database.pool.query('SELECT 1 FROM loose_packages WHERE digest = $1', [FIRST])).rowCount).toBe(0);
  });

  it('is refused by name where there is nobody to get images', async () => {
    await expect(fixture.process({ prepare: undefined }).call('CreateFunction', { FunctionName: 'none', Role: ROLE, PackageType: 'Image', Code: { ImageUri: URI } })).rejects.toEqual(refusal('PackageType Image is not supported by this deployment.'));
  });
});
