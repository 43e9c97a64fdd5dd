import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@hearth/kernel';

/** GetFunction's `Code.Location` is valid for 10 minutes (spec/lambda-api.md 3.2). */
const VALID_MS = 10 * 60_000;
export const CODE_PATH = '/_hearth/code';

export interface CodeLinksOptions {
  /** 32 bytes; `deriveKey(masterKey, 'code links')`. */
  key: Buffer;
  /** How clients reach the API when the operation does not tell, without a trailing slash. */
  baseUrl: () => string;
  clock: Clock;
}

/** Links to code archives that need no AWS credentials: account, archive and expiry are signed. */
export class CodeLinks {
  constructor(private readonly options: CodeLinksOptions) {}

  /** @param digest hex digest of the archive */
  readonly link = (accountId: string, digest: string, baseUrl: string = this.options.baseUrl()): string => {
    const expires = this.options.clock.now() + VALID_MS;
    return `${baseUrl}${CODE_PATH}/${accountId}/${digest}?expires=${expires}&signature=${this.sign(accountId, digest, String(expires)).toString('hex')}`;
  };

  isValid(accountId: string, digest: string, expires: string, signature: string): boolean {
    if (!/^\d{1,15}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
    const genuine = timingSafeEqual(Buffer.from(signature, 'hex'), this.sign(accountId, digest, expires));
    return genuine && Number(expires) > this.options.clock.now();
  }

  private sign(accountId: string, digest: string, expires: string): Buffer {
    return createHmac('sha256', this.options.key).update(`${accountId}\n${digest}\n${expires}`).digest();
  }
}
