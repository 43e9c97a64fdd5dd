import { CodeObjects, S3Store, UploadStore } from '@hearth/artifacts';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { OperatorError, systemClock } from '@hearth/kernel';

/**
 * The buckets that S3Bucket may name: Hearth's own uploads and those of the configured store.
 * @throws OperatorError when a store is configured without a key
 */
export function codeObjects(settings: Settings, database: Database): CodeObjects {
  const { HEARTH_S3_ENDPOINT: endpoint, HEARTH_S3_REGION: region, HEARTH_S3_ACCESS_KEY_ID: accessKeyId, HEARTH_S3_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  if (endpoint === undefined) return new CodeObjects(new UploadStore(database), undefined);
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new OperatorError('HEARTH_S3_ENDPOINT is set without an access key.', 'Set HEARTH_S3_ACCESS_KEY_ID and HEARTH_S3_SECRET_ACCESS_KEY too.');
  }
  return new CodeObjects(new UploadStore(database), new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, clock: systemClock }));
}
