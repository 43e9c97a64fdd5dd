import type { ServiceModel } from '@hearth/aws-wire';
import { openApiDocument } from './openapi-document.js';
import type { ApiReference } from './reference.controller.js';
import { referencePage } from './reference-page.js';

/** Both forms of the reference of `lambda`, each made once. */
export function apiReference(model: ServiceModel, options: { server: string; region: string; implemented: ReadonlySet<string> }): ApiReference {
  const document = once(() => openApiDocument(model, { title: 'Hearth: the AWS Lambda API', ...options }));
  return { openApi: once(() => JSON.stringify(document())), page: once(() => referencePage(document())) };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
