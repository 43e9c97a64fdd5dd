import { invalidParameter } from './object-errors.js';
import type { ObjectName, ObjectSource } from './object-source.js';
import { UPLOAD_BUCKET } from './upload-store.js';

/** Every bucket of a deployment: Hearth's own uploads, and those of the S3 store, if there is one. */
export class CodeObjects implements ObjectSource {
  constructor(
    private readonly uploads: ObjectSource,
    private readonly s3: ObjectSource | undefined,
  ) {}

  async read(object: ObjectName, accountId: string): Promise<Buffer> {
    if (object.bucket === UPLOAD_BUCKET) return this.uploads.read(object, accountId);
    if (this.s3 === undefined) {
      throw invalidParameter(`S3Bucket ${object.bucket}: this deployment has no S3 store. Set HEARTH_S3_ENDPOINT, or upload the code to ${UPLOAD_BUCKET} (PUT /_hearth/artifacts/KEY).`);
    }
    return this.s3.read(object, accountId);
  }
}
