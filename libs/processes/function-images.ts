import type { ImageSource } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import { imageFault, type ImageHost } from '@hearth/sandbox';

/** Container images as the deployment's hosts get them, within what the operator allows. */
export function functionImages(hosts: ImageHost, { HEARTH_IMAGE_PREFIXES: prefixes }: Pick<Settings, 'HEARTH_IMAGE_PREFIXES'>): ImageSource {
  return {
    async locate(uri, accountId) {
      const allowed = prefixes.map((prefix) => prefix.replaceAll('{account}', accountId));
      if (allowed.length > 0 && !allowed.some((prefix) => uri.startsWith(prefix))) {
        throw imageFault('ImageAccessDenied', `Lambda does not have permission to access the image ${uri}. Images of account ${accountId} must begin with ${allowed.join(' or ')}.`);
      }
      return await hosts.locateImage(uri);
    },
    fetch: (image, architecture) => hosts.fetchImage(image, architecture),
  };
}
