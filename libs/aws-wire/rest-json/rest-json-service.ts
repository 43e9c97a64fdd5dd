import { ServiceError } from '@hearth/kernel';
import type { AwsCall, AwsService, WireRequest } from '../aws-service.js';
import { decodeInput, type RequestParts } from './decoding.js';
import { encodeOutput, type WireResponse } from './encoding.js';
import { ErrorRenderer } from './error-rendering.js';
import { RouteTable, type RouteMatch } from './route-table.js';
import { InputValidator } from './validation.js';
import { pathSegments, type QueryParameters } from './request-target.js';
import type { OperationModel, ServiceModel } from './service-model.js';

export interface RestJsonOptions {
  /** Paths of members (`runtime`) whose enum the service refuses with an error other than ValidationException: {@link inputRules}. */
  enumsCheckedElsewhere?: ReadonlySet<string>;
  /** Further checks of decoded, valid input, for answers that the model does not tell. */
  inputRules?: (operation: string, input: Record<string, unknown>) => void;
}

/** A rest-json service driven by its published model: routes, codec, validation and errors. */
export class RestJsonService implements AwsService {
  readonly errors: ErrorRenderer;
  private readonly routes: RouteTable;
  private readonly validator: InputValidator;

  constructor(
    readonly model: ServiceModel,
    private readonly options: RestJsonOptions = {},
  ) {
    this.routes = new RouteTable(model);
    this.validator = new InputValidator(model, { enumsCheckedElsewhere: options.enumsCheckedElsewhere });
    this.errors = new ErrorRenderer(model);
  }

  get name(): string {
    return this.model.metadata.signingName ?? this.model.metadata.endpointPrefix;
  }

  get operationNames(): readonly string[] {
    return Object.keys(this.model.operations);
  }

  call({ method, rawPath, query, headers, body }: WireRequest): AwsCall {
    const { operation, labels } = this.match(method, rawPath, query);
    return { operation: operation.name, input: () => this.decode(operation, { labels, query, headers, body }) };
  }

  answer(operation: string, output: Record<string, unknown>, requestId: string): WireResponse {
    const response = this.encode(this.model.operations[operation] as OperationModel, output);
    return { ...response, headers: { 'x-amzn-RequestId': requestId, ...response.headers } };
  }

  failure(error: unknown, requestId: string): WireResponse {
    return this.errors.render(error, requestId);
  }

  /** @throws ServiceError UnknownOperationException */
  match(method: string, rawPath: string, query: QueryParameters): RouteMatch {
    const match = this.routes.match(method, pathSegments(rawPath), query);
    if (match === undefined) {
      throw new ServiceError('UnknownOperationException', 404, `No operation of this service has method ${method} and this path`, { fault: null, messageMember: 'message' });
    }
    return match;
  }

  /** @throws ServiceError SerializationException, ValidationException or one of the service's own rules */
  decode(operation: OperationModel, parts: RequestParts): Record<string, unknown> {
    const input = decodeInput(this.model, operation, parts);
    if (operation.input !== undefined) this.validator.validate(operation.input.shape, input);
    this.options.inputRules?.(operation.name, input);
    return input;
  }

  encode(operation: OperationModel, output: Record<string, unknown>): WireResponse {
    return encodeOutput(this.model, operation, output);
  }
}

/**
 * Known to the model, not done by Hearth: it names itself (architecture section 4).
 * @param reason a sentence, for operations that Hearth will not do
 */
export function notImplemented(operation: string, reason?: string): ServiceError {
  return new ServiceError('NotImplementedException', 501, reason === undefined ? `Operation ${operation} is not implemented by Hearth yet.` : `Operation ${operation} is not implemented by Hearth: ${reason}`, { fault: null, messageMember: 'message' });
}
