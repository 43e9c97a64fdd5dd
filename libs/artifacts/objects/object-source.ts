/** An object as Lambda's API names it: S3Bucket, S3Key, S3ObjectVersion. */
export interface ObjectName {
  bucket: string;
  key: string;
  version?: string;
}

/** Where code is that a caller names instead of sending it. */
export interface ObjectSource {
  /**
   * @param accountId whose call it is
   * @throws ServiceError with Lambda's text when there is no such object or it cannot be read by this deployment
   * @throws InfrastructureError when the store does not answer
   */
  read(object: ObjectName, accountId: string): Promise<Buffer>;
}
