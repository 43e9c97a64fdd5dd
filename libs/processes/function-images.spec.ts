import type { ImageHost } from '@hearth/sandbox';
import { functionImages } from './function-images.js';

const hosts: ImageHost = { locateImage: (uri) => Promise.resolve({ uri, digest: 'a'.repeat(64), local: false }), fetchImage: () => Promise.resolve() };

describe('images that functions may use', () => {
  it('are all when no setting says less', async () => {
    expect(await functionImages(hosts, { HEARTH_IMAGE_PREFIXES: [] }).locate('any/image', '111111111111')).toMatchObject({ uri: 'any/image' });
  });

  it('begin with one of the prefixes, in which the account stands for itself', async () => {
    const images = functionImages(hosts, { HEARTH_IMAGE_PREFIXES: ['registry.example.com/{account}/', 'base/'] });
    expect(await images.locate('base/app', '111111111111')).toBeDefined();
    expect(await images.locate('registry.example.com/111111111111/app', '111111111111')).toBeDefined();
    await expect(images.locate('registry.example.com/111111111111/app', '222222222222')).rejects.toMatchObject({ code: 'ImageAccessDenied' });
    await expect(images.locate('other/app', '111111111111')).rejects.toMatchObject({ code: 'ImageAccessDenied' });
  });
});
