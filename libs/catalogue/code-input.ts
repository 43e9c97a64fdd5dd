import { createHash } from 'node:crypto';
import { MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES, zippedTooLarge } from '@hearth/artifacts';
import { invalidParameter } from './errors.js';
import type { FunctionCode } from './function-record.js';
import { imageCode } from './image-source.js';
import type { CatalogueParts } from './parts.js';

/** Code members of CreateFunction.Code and of UpdateFunctionCode (spec/lambda-api.md 3.2). */
export interface CodeInput {
  ZipFile?: Buffer;
  S3Bucket?: string;
  S3Key?: string;
  S3ObjectVersion?: string;
  S3ObjectStorageMode?: string;
  ImageUri?: string;
  SourceKMSKeyArn?: string;
}

const S3_MEMBERS = ['S3Bucket', 'S3Key', 'S3ObjectVersion', 'S3ObjectStorageMode'] as const;

/** What a deployment brings: an archive, or the name of an image. */
export interface GivenCode {
  /** Of the account's code storage that one version takes. */
  bytes: number;
  /** Made ready for a version to refer to it. */
  store(): Promise<FunctionCode>;
  /** For the transaction that makes a version refer to it (store.ts, invariant 2). */
  ensure(): Promise<void>;
}

/**
 * @throws ServiceError InvalidParameterValueException when the code does not fit how the function is packaged, or there is no such code
 */
export async function givenCode(parts: CatalogueParts, code: CodeInput, packageType: 'Zip' | 'Image', accountId: string, doing: 'creating' | 'updating' = 'updating'): Promise<GivenCode> {
  if (packageType === 'Image') {
    const { ImageUri } = code;
    if (ImageUri === undefined) throw invalidParameter(`Please provide ImageUri when ${doing} a function with packageType Image.`);
    if (code.ZipFile !== undefined || S3_MEMBERS.some((member) => code[member] !== undefined)) throw invalidParameter('Please do not provide other FunctionCode parameters when providing an ImageUri.');
    if (code.SourceKMSKeyArn) throw invalidParameter('SourceKMSKeyArn is not supported by this deployment.');
    const found = await imageCode(parts.images, ImageUri, accountId);
    return { bytes: 0, store: () => Promise.resolve(found), ensure: () => Promise.resolve() };
  }
  const archive = await archiveOf(parts, code, accountId);
  return {
    bytes: archive.length,
    store: () => storeArchive(parts, archive),
    ensure: () => ensurePackage(parts, createHash('sha256').update(archive).digest('hex'), archive),
  };
}

/**
 * The archive: sent along, or read from where the caller says it is.
 * @throws ServiceError InvalidParameterValueException unless exactly one source is named, RequestEntityTooLargeException
 */
export async function archiveOf({ objects }: Pick<CatalogueParts, 'objects'>, code: CodeInput, accountId: string): Promise<Buffer> {
  const s3 = S3_MEMBERS.find((member) => code[member] !== undefined);
  if (code.SourceKMSKeyArn) throw invalidParameter('SourceKMSKeyArn is not supported by this deployment.');
  if (code.ZipFile !== undefined) {
    if (s3 !== undefined || code.ImageUri !== undefined) throw invalidParameter('Please do not provide other FunctionCode parameters when providing a ZipFile.');
    if (code.ZipFile.length > MAX_ZIPPED_BYTES) throw zippedTooLarge();
    return code.ZipFile;
  }
  if (code.ImageUri !== undefined) throw invalidParameter("Please don't provide ImageUri when updating a function with packageType Zip.");
  if (s3 === undefined) throw invalidParameter('Please provide a source for function code.');
  if (code.S3Bucket === undefined || code.S3Key === undefined) throw invalidParameter(`${code.S3Bucket === undefined ? 'S3Bucket' : 'S3Key'} is mandatory for code in S3.`);
  if ((code.S3ObjectStorageMode ?? 'COPY') !== 'COPY') throw invalidParameter(`S3ObjectStorageMode ${code.S3ObjectStorageMode} is not supported by this deployment.`);
  return objects.read({ bucket: code.S3Bucket, key: code.S3Key, ...(code.S3ObjectVersion === undefined ? {} : { version: code.S3ObjectVersion }) }, accountId);
}

/** What a caller needs besides the operation itself to name code in S3: the right to read it. */
export function codePermissions(code: CodeInput): { action: string; resource: string }[] {
  if (code.S3Bucket === undefined || code.S3Key === undefined) return [];
  return [{ action: code.S3ObjectVersion === undefined ? 's3:GetObject' : 's3:GetObjectVersion', resource: `arn:aws:s3:::${code.S3Bucket}/${code.S3Key}` }];
}

/**
 * Stores an archive that will get a user soon. It is noted first: if this process dies before there is a user, the sweeper
 * removes the package.
 */
export async function storeArchive({ store, packages }: CatalogueParts, archive: Buffer): Promise<FunctionCode> {
  await store.notePackage(createHash('sha256').update(archive).digest('hex'));
  const { digest, sha256, size } = await packages.put(archive, MAX_UNZIPPED_BYTES);
  return { codeDigest: digest, codeSha256: sha256, codeSize: size, image: null };
}

/** For the transaction that makes the package used, under its lock: the sweeper may just have removed it. */
export async function ensurePackage({ packages }: CatalogueParts, digest: string, archive: Buffer): Promise<void> {
  if (!(await packages.has(digest))) await packages.put(archive, MAX_UNZIPPED_BYTES);
}
