import { createHash } from 'node:crypto';
import { MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES, zippedTooLarge } from '@hearth/artifacts';
import { invalidParameter } from './errors.js';
import type { FunctionCode } from './function-record.js';
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
  return { codeDigest: digest, codeSha256: sha256, codeSize: size };
}

/** For the transaction that makes the package used, under its lock: the sweeper may just have removed it. */
export async function ensurePackage({ packages }: CatalogueParts, digest: string, archive: Buffer): Promise<void> {
  if (!(await packages.has(digest))) await packages.put(archive, MAX_UNZIPPED_BYTES);
}
