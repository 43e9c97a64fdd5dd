import { decrypt, encrypt } from './authenticated-encryption.js';

/*
 * Header of a value sealed with a data key: 0 | id of the data key (4 bytes, big endian). A trigger of each table that holds such values
 * reads the id out of it (migration encryption_keys). Values that begin with another byte are of the time before data keys: a SecretBox
 * with the master key sealed them.
 */
const HEADER_BYTES = 5;

export function sealWith(dataKeyId: number, dataKey: Buffer, plain: Uint8Array, context: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(dataKeyId, 1);
  return encrypt(dataKey, header, plain, context);
}

/** @returns undefined for values that no data key sealed */
export function dataKeyIdOf(sealed: Uint8Array): number | undefined {
  if (sealed.length < HEADER_BYTES || sealed[0] !== 0) return undefined;
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).readUInt32BE(1);
}

/** @throws SealError */
export function openWith(dataKey: Buffer, sealed: Uint8Array, context: string): Buffer {
  return decrypt(dataKey, HEADER_BYTES, sealed, context);
}
