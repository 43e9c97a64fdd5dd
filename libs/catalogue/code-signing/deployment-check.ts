import { configArn, type CodeSigningConfig } from './code-signing-config.js';
import { unsignedCode } from './errors.js';

/** For the operator: code went into service although its configuration asks for a signature. */
export type UnsignedWarning = (facts: { functionArn: string; codeSigningConfigArn: string }) => void;

/**
 * Holds a deployment against the function's configuration. Hearth has no signer, so every archive is unsigned: an enforcing configuration lets
 * nothing pass.
 * @throws ServiceError CodeVerificationFailedException
 */
export function checkDeployment(config: CodeSigningConfig | undefined, functionArn: string, warn: UnsignedWarning): void {
  if (config === undefined) return;
  if (config.untrustedArtifacts === 'Enforce') throw unsignedCode();
  warn({ functionArn, codeSigningConfigArn: configArn(config) });
}
