import { invalidParameter } from './errors.js';
import type { ImageConfig } from './function-record.js';

/** All image settings of a function together (spec/runtime-api.md 6.1). */
const MAX_IMAGE_CONFIG_BYTES = 16_384;
/** Members of a function made of an archive: the image brings what they say. */
const ARCHIVE_MEMBERS = ['Runtime', 'Handler', 'Layers'] as const;

/** @returns null when nothing takes the place of what the image says: empty members are none */
export function imageConfigOf(given: { EntryPoint?: string[]; Command?: string[]; WorkingDirectory?: string } | undefined): ImageConfig | null {
  const { EntryPoint, Command, WorkingDirectory } = given ?? {};
  const config: ImageConfig = { ...(EntryPoint?.length && { EntryPoint }), ...(Command?.length && { Command }), ...(WorkingDirectory && { WorkingDirectory }) };
  if (Object.keys(config).length === 0) return null;
  if ([...(EntryPoint ?? []), ...(Command ?? []), WorkingDirectory ?? ''].some((text) => text.includes('\0'))) throw invalidParameter('ImageConfig: no member may hold a NUL.');
  if (WorkingDirectory && !WorkingDirectory.startsWith('/')) throw invalidParameter('ImageConfig: WorkingDirectory must be an absolute path.');
  if (Buffer.byteLength(JSON.stringify(config)) > MAX_IMAGE_CONFIG_BYTES) throw invalidParameter(`ImageConfig: the settings must be smaller than ${MAX_IMAGE_CONFIG_BYTES} bytes.`);
  return config;
}

/**
 * Whether the members fit how the function is packaged.
 * @throws ServiceError InvalidParameterValueException
 */
export function assertPackaging(packageType: 'Zip' | 'Image', input: Record<string, any>): void {
  if (packageType === 'Image') {
    if (ARCHIVE_MEMBERS.some((member) => hasValue(input[member]))) throw invalidParameter("Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.");
  } else if (imageConfigOf(input['ImageConfig']) !== null) {
    throw invalidParameter("Please don't provide ImageConfig when the intended function PackageType is Zip.");
  }
}

function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}
