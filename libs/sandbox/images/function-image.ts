import { ServiceError } from '@hearth/kernel';

/** A container image that never changes, whatever becomes of its tag. */
export interface PinnedImage {
  /** As its user named it, tag included. */
  uri: string;
  /** Hex SHA-256: of the manifest in the registry, or (local) of the image's configuration, which is its id. */
  digest: string;
  /** It is in no registry: only engines that have it already can run it. */
  local: boolean;
}

/** What a container-image function runs. Absent members are the image's own. */
export interface FunctionImage extends PinnedImage {
  entryPoint?: readonly string[];
  command?: readonly string[];
  workingDirectory?: string;
}

/** Who gets container images: the engine of a worker, or of all workers. */
export interface ImageHost {
  /**
   * What the name stands for now. Downloads nothing.
   * @throws ServiceError of `imageFault`; InfrastructureError when the registry or the engine does not answer
   */
  locateImage(uri: string): Promise<PinnedImage>;
  /**
   * Makes sure that sandboxes of the image can start without a download. May take minutes.
   * @throws as locateImage
   */
  fetchImage(image: PinnedImage, architecture: 'x86_64' | 'arm64'): Promise<void>;
}

/** State reason codes of Lambda (spec/lambda-api.md 3.1). */
export type ImageFaultCode = 'InvalidImage' | 'ImageAccessDenied' | 'ImageDeleted';

const FAULT_CODES: ReadonlySet<string> = new Set<ImageFaultCode>(['InvalidImage', 'ImageAccessDenied', 'ImageDeleted']);

/** The image is at fault, not the platform: another try would end the same way. */
export function imageFault(code: ImageFaultCode, message: string, cause?: unknown): ServiceError {
  return new ServiceError(code, 400, message, { messageMember: 'message', cause });
}

export function isImageFault(error: unknown): error is ServiceError {
  return error instanceof ServiceError && FAULT_CODES.has(error.code);
}
