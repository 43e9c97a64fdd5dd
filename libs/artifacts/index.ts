export { PACKAGE_STORE, type PackageStore, type StoredPackage } from './package-store.js';
export { DiskPackageStore, type DiskPackageStoreOptions } from './disk-package-store.js';
export { MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES, zippedTooLarge } from './package-limits.js';
export type { ObjectName, ObjectSource } from './objects/object-source.js';
export { S3Store, type S3StoreOptions } from './objects/s3-store.js';
export { UPLOAD_BUCKET, UploadStore } from './objects/upload-store.js';
export { CodeObjects } from './objects/code-objects.js';
export { S3LikeServer } from './testing/s3-like-server.js';
