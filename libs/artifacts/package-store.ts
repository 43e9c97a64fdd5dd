/** What a stored archive is known by. */
export interface StoredPackage {
  /** Hex SHA-256 of the archive: the key of everything else. */
  digest: string;
  /** The same in base64, Lambda's CodeSha256. */
  sha256: string;
  /** Bytes of the archive, Lambda's CodeSize. */
  size: number;
}

/**
 * Deployment packages by content. Safe to share between processes. A caller that removes packages must itself make sure
 * that nobody is about to use the digest (catalogue holds a lock per digest).
 */
export interface PackageStore {
  /**
   * Stores the archive and unpacks it; the same bytes again change nothing.
   * @param maxZippedBytes Lambda's limit for code sent with the request, unless given: code from S3 is bound by its unzipped size only
   * @throws ServiceError InvalidParameterValueException for an archive Lambda would refuse, RequestEntityTooLargeException
   *   over the zipped limit; nothing of it is kept
   */
  put(archive: Buffer, maxZippedBytes?: number): Promise<StoredPackage>;
  /** Whether the archive is there. */
  has(digest: string): Promise<boolean>;
  /**
   * Absolute path of the unpacked code, unpacking it again if needed. Callers only read from it.
   * @throws InfrastructureError when the archive is not there or damaged
   */
  directory(digest: string): Promise<string>;
  /** @throws InfrastructureError when the archive is not there or its bytes no longer match the digest */
  readArchive(digest: string): Promise<Buffer>;
  /** Bytes of the files in the archive. @throws InfrastructureError as readArchive */
  unzippedSize(digest: string): Promise<number>;
  /**
   * Absolute path of several packages laid over each other, later ones above: the same directory for the same list. Callers
   * only read from it.
   * @throws InfrastructureError when an archive is not there or damaged
   */
  layers(digests: readonly string[]): Promise<string>;
  /** Removes archive and code; an unknown digest is no error. */
  remove(digest: string): Promise<void>;
}

export const PACKAGE_STORE = Symbol('PackageStore');
