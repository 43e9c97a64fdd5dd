import type { ServiceModel } from '@hearth/aws-wire';
import { openApiDocument } from './openapi-document.js';
import type { ApiReference } from './reference.controller.js';
import { referencePage } from './reference-page.js';

export interface ApiReferenceOptions {
  /** Address of the endpoint, or `/`. */
  server: string;
  region: string;
  implemented: ReadonlySet<string>;
  /** Names of further services of the endpoint, as signatures call them. */
  otherServices: readonly string[];
}

/** Both forms of the reference of `lambda`, each made once. */
export function apiReference(model: ServiceModel, options: ApiReferenceOptions): ApiReference {
  const document = once(() => openApiDocument(model, { title: 'Hearth: the AWS Lambda API', ...options }));
  const service = model.metadata.signingName ?? model.metadata.endpointPrefix;
  return { openApi: once(() => JSON.stringify(document())), page: once(() => referencePage(document(), { service, ...options })) };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
