import type { ObjectSource, PackageStore } from '@hearth/artifacts';
import type { OperationContext } from '@hearth/aws-wire';
import type { Clock } from '@hearth/kernel';
import type { CodeSigningStore } from './code-signing/code-signing-store.js';
import type { UnsignedWarning } from './code-signing/deployment-check.js';
import type { EnvironmentVault } from './environment.js';
import type { ImageSource } from './image-source.js';
import type { LayerStore } from './layer-store.js';
import type { Network } from './networks/network-store.js';
import { parseFunctionReference, type FunctionReference } from './parse-function-name.js';
import type { Preparations } from './preparations.js';
import type { DeploymentLimits } from './settings.js';
import type { CatalogueStore } from './store.js';

export interface LinkedCode {
  accountId: string;
  /** Or the name of the layer. */
  functionName: string;
  version: string;
  /** Hex SHA-256 of the archive. */
  codeDigest: string;
}

/** URL from which the archive can be fetched for 10 minutes (spec/lambda-api.md 3.2). */
export type CodeLink = (code: LinkedCode, context: OperationContext) => string | Promise<string>;

/** What the operations work with. */
export interface CatalogueParts {
  store: CatalogueStore;
  layers: LayerStore;
  packages: PackageStore;
  /** Code that is named instead of sent. */
  objects: ObjectSource;
  images: ImageSource;
  codeSigning: CodeSigningStore;
  /** Of one account. */
  networks: (accountId: string) => Promise<readonly Network[]>;
  onUnsignedCode: UnsignedWarning;
  vault: EnvironmentVault;
  preparations: Preparations;
  limits: DeploymentLimits;
  clock: Clock;
  codeLink: CodeLink;
  /** Concurrent executions of an account. */
  accountConcurrency: number;
  /** All archives of an account together. */
  codeStorageBytes: number;
}

/** The function an operation is about, as its caller named it. */
export function referenceOf(input: { FunctionName: string; Qualifier?: string }, context: OperationContext, operation: string): FunctionReference {
  return parseFunctionReference(input.FunctionName, input.Qualifier, { region: context.region, accountId: context.accountId, principalArn: context.principalArn, action: `lambda:${operation}` });
}
