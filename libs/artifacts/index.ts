export { PACKAGE_STORE, type PackageStore, type StoredPackage } from './package-store.js';
export { DiskPackageStore, type DiskPackageStoreOptions } from './disk-package-store.js';
export { MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES } from './package-limits.js';
