import { createHash } from 'node:crypto';
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

/** @throws ServiceError InvalidParameterValueException unless there is a ZipFile and nothing else */
export function archiveOf(code: CodeInput): Buffer {
  const s3 = S3_MEMBERS.find((member) => code[member] !== undefined);
  if (code.ZipFile !== undefined) {
    if (s3 !== undefined || code.ImageUri !== undefined) throw invalidParameter('Please do not provide other FunctionCode parameters when providing a ZipFile.');
    if (code.SourceKMSKeyArn) throw invalidParameter('SourceKMSKeyArn is not supported by this deployment.');
    return code.ZipFile;
  }
  if (code.ImageUri !== undefined) throw invalidParameter("Please don't provide ImageUri when updating a function with packageType Zip.");
  if (s3 !== undefined) throw invalidParameter(`${s3} is not supported by this deployment. Provide the code as ZipFile.`);
  throw invalidParameter('Please provide a source for function code.');
}

/**
 * Stores an archive that will get a user soon. It is noted first: if this process dies before there is a user, the sweeper
 * removes the package.
 */
export async function storeArchive({ store, packages }: CatalogueParts, archive: Buffer): Promise<FunctionCode> {
  await store.notePackage(createHash('sha256').update(archive).digest('hex'));
  const { digest, sha256, size } = await packages.put(archive);
  return { codeDigest: digest, codeSha256: sha256, codeSize: size };
}

/** For the transaction that makes the package used, under its lock: the sweeper may just have removed it. */
export async function ensurePackage({ packages }: CatalogueParts, digest: string, archive: Buffer): Promise<void> {
  if (!(await packages.has(digest))) await packages.put(archive);
}
