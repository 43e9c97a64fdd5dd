import { InfrastructureError, systemClock } from '@hearth/kernel';
import { S3LikeServer } from '../testing/s3-like-server.js';
import { S3Store } from './s3-store.js';

describe('code in an S3-compatible store', () => {
  let server: S3LikeServer;
  let store: S3Store;

  beforeAll(async () => {
    server = await S3LikeServer.start();
    store = new S3Store({ endpoint: server.endpoint, region: server.region, credentials: server.credentials, clock: systemClock });
    server.objects.set('code/a.zip', Buffer.from('latest'));
    server.objects.set('code/a.zip?versionId=v/1+', Buffer.from('first'));
    server.objects.set("code/deploy/ü (1)+&='!*.zip", Buffer.from('odd'));
  });
  afterEach(() => (server.failWith = undefined));
  afterAll(() => server.stop());

  it('is read with a signed GET, whatever its name', async () => {
    expect((await store.read({ bucket: 'code', key: 'a.zip' })).toString()).toBe('latest');
    expect((await store.read({ bucket: 'code', key: "deploy/ü (1)+&='!*.zip" })).toString()).toBe('odd');
  });

  it('is read in the version that was asked for', async () => {
    expect((await store.read({ bucket: 'code', key: 'a.zip', version: 'v/1+' })).toString()).toBe('first');
  });

  it.each([
    [{ bucket: 'code', key: 'nope.zip' }, 'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.'],
    [{ bucket: 'nope', key: 'a.zip' }, 'Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist'],
    [{ bucket: 'code', key: 'a.zip', version: 'v2' }, 'Error occurred while GetObject. S3 Error Code: NoSuchVersion. S3 Error Message: The specified version does not exist.'],
  ])('refuses %j as Lambda does', async (object, message) => {
    await expect(store.read(object)).rejects.toMatchObject({ code: 'InvalidParameterValueException', status: 400, message });
  });

  it('does not reach another bucket by way of dots', async () => {
    server.buckets.add('secret');
    server.objects.set('secret/a.zip', Buffer.from('secret'));
    for (const name of [{ bucket: 'code', key: '../secret/a.zip' }, { bucket: '..', key: 'secret/a.zip' }, { bucket: 'code', key: './../secret/a.zip' }]) {
      await expect(store.read(name)).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    }
    await expect(store.read({ bucket: 'code', key: '%2e%2e/secret/a.zip' })).rejects.toThrow('NoSuchKey');
  });

  it('tells a wrong key from a missing object', async () => {
    const stranger = new S3Store({ endpoint: server.endpoint, region: server.region, credentials: { ...server.credentials, secretAccessKey: 'wrong' }, clock: systemClock });
    await expect(stranger.read({ bucket: 'code', key: 'a.zip' })).rejects.toMatchObject({ code: 'AccessDeniedException', status: 403 });
  });

  it('blames itself, not the caller, when the store fails or is not there', async () => {
    server.failWith = 503;
    await expect(store.read({ bucket: 'code', key: 'a.zip' })).rejects.toBeInstanceOf(InfrastructureError);
    const gone = new S3Store({ endpoint: 'http://127.0.0.1:1', region: 'us-east-1', credentials: server.credentials, clock: systemClock });
    await expect(gone.read({ bucket: 'code', key: 'a.zip' })).rejects.toBeInstanceOf(InfrastructureError);
  });
});
