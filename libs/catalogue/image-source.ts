import { ServiceError } from '@hearth/kernel';
import { invalidParameter } from './errors.js';
import type { Architecture, FunctionCode, PinnedImage } from './function-record.js';

/** Who knows container images: the deployment's workers. */
export interface ImageSource {
  /**
   * What the name stands for now. Downloads nothing.
   * @throws ServiceError InvalidImage, ImageAccessDenied, ImageDeleted; InfrastructureError when nobody can tell
   */
  locate(uri: string, accountId: string): Promise<PinnedImage>;
  /**
   * Gets the image to where functions run, which may take minutes.
   * @throws as locate
   */
  fetch(image: PinnedImage, architecture: Architecture): Promise<void>;
}

/** State reason codes (spec/lambda-api.md 3.1), which are also the codes of the source's errors. */
const IMAGE_FAULTS: ReadonlySet<string> = new Set(['InvalidImage', 'ImageAccessDenied', 'ImageDeleted']);

export function isImageFault(error: ServiceError): boolean {
  return IMAGE_FAULTS.has(error.code);
}

/**
 * The image that a deployment names, pinned: a tag that moves later changes nothing.
 * @throws ServiceError InvalidParameterValueException, ServiceException while nobody can tell
 */
export async function imageCode(images: ImageSource, uri: string, accountId: string): Promise<FunctionCode> {
  try {
    const image = await images.locate(uri, accountId);
    return { codeDigest: image.digest, codeSha256: image.digest, codeSize: 0, image };
  } catch (error) {
    if (error instanceof ServiceError) throw isImageFault(error) ? invalidParameter(error.message) : error;
    throw new ServiceError('ServiceException', 500, `The image ${uri} could not be looked up: ${(error as Error).message}`, { messageMember: 'Message', cause: error });
  }
}

/** `REPOSITORY@sha256:HEX`, without the tag. */
export function resolvedUri({ uri, digest }: PinnedImage): string {
  return `${uri.replace(/@sha256:.*$/, '').replace(/:[^:/]*$/, '')}@sha256:${digest}`;
}
