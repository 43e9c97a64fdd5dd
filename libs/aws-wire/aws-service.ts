import type { WireResponse } from './rest-json/encoding.js';
import type { QueryParameters } from './rest-json/request-target.js';
import type { ServiceModel } from './rest-json/service-model.js';

/** A request whose signature was checked, before anybody knows what it asks for. */
export interface WireRequest {
  method: string;
  rawPath: string;
  query: QueryParameters;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

/** A request whose operation is known. */
export interface AwsCall {
  operation: string;
  /**
   * Reads and checks the input; member names as in the model.
   * @throws ServiceError what the service answers to input that breaks its model
   */
  input(): Record<string, unknown>;
}

/** One AWS service as clients see it on the wire: any of AWS's protocols, driven by the published service model. */
export interface AwsService {
  /** As signatures name it. */
  readonly name: string;
  readonly model: ServiceModel;
  readonly operationNames: readonly string[];
  /** @throws ServiceError when no operation fits */
  call(request: WireRequest): AwsCall;
  answer(operation: string, output: Record<string, unknown>, requestId: string): WireResponse;
  /** What a ServiceError looks like on the wire; anything else is Hearth's own failure and told without details. */
  failure(error: unknown, requestId: string): WireResponse;
}
