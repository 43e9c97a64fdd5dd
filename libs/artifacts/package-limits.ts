import { ServiceError } from '@hearth/kernel';

/** Limits of spec/lambda-api.md 3.2. */
export const MAX_ZIPPED_BYTES = 52_428_800;
export const MAX_UNZIPPED_BYTES = 262_144_000;

/** Hearth's own bounds, far above genuine packages: they keep an archive from costing inodes and memory without bytes. */
export const MAX_ENTRIES = 50_000;
export const MAX_DIRECTORIES = 50_000;
export const MAX_PATH_BYTES = 2_048;
export const MAX_SEGMENT_BYTES = 255;
export const MAX_LINK_TARGET_BYTES = 2_048;

export function badArchive(reason: string): ServiceError {
  return invalid('Could not unzip uploaded file. Please check your file, then try to upload again.', new Error(reason));
}

export function emptyArchive(): ServiceError {
  return invalid('Uploaded file must be a non-empty zip');
}

export function unzippedTooLarge(): ServiceError {
  return invalid(`Unzipped size must be smaller than ${MAX_UNZIPPED_BYTES} bytes`);
}

export function zippedTooLarge(): ServiceError {
  return new ServiceError('RequestEntityTooLargeException', 413, `Zipped size must be smaller than ${MAX_ZIPPED_BYTES} bytes`, { fault: null, messageMember: 'message' });
}

/** @param cause why, for the platform's log; the caller sees Lambda's sentence only */
function invalid(message: string, cause?: Error): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, message, { messageMember: 'message', ...(cause === undefined ? {} : { cause }) });
}
