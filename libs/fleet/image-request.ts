import { InfrastructureError } from '@hearth/kernel';
import { isImageFault, type ImageHost, type PinnedImage } from '@hearth/sandbox';

/** What a control plane asks a worker about images: what a name stands for, or to have the image. */
export type ImageRequest = { locate: string } | { fetch: PinnedImage; architecture: 'x86_64' | 'arm64' };

/** @throws as ImageHost */
export async function imageAnswer(images: ImageHost | undefined, request: unknown): Promise<object> {
  if (images === undefined) throw new InfrastructureError('this worker runs no container images');
  const asked = request as ImageRequest;
  if ('locate' in asked) return await images.locateImage(asked.locate);
  await images.fetchImage(asked.fetch, asked.architecture);
  return {};
}

/**
 * What the first host that knows says: an image in no registry may be on one host only.
 * @throws what the last one threw, faults of the image before failures to answer
 */
export async function locateOnAny(hosts: readonly (() => Promise<PinnedImage>)[]): Promise<PinnedImage> {
  let failure: unknown = new InfrastructureError('no worker is registered');
  for (const locate of hosts) {
    try {
      return await locate();
    } catch (error) {
      if (!isImageFault(failure) || isImageFault(error)) failure = error;
    }
  }
  throw failure;
}
