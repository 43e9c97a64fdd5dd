import { ServiceError } from '@hearth/kernel';
import type { AwsCall, AwsService, WireRequest } from '../aws-service.js';
import { decodeJsonBody } from '../rest-json/decoding.js';
import { encodeStructure, type WireResponse } from '../rest-json/encoding.js';
import { shapeOf, type OperationModel, type ServiceModel } from '../rest-json/service-model.js';
import { InputValidator } from '../rest-json/validation.js';

const INTERNAL_MESSAGE = 'The service cannot complete the request.';

/** A service of the AWS JSON 1.1 protocol (CloudWatch Logs): `X-Amz-Target: PREFIX.Operation`, JSON in and out. */
export class JsonService implements AwsService {
  private readonly validator: InputValidator;
  private readonly type: string;

  constructor(
    readonly name: string,
    readonly model: ServiceModel,
    options: { validationError: string },
  ) {
    this.validator = new InputValidator(model, { errorCode: options.validationError });
    this.type = `application/x-amz-json-${model.metadata.jsonVersion}`;
  }

  get operationNames(): readonly string[] {
    return Object.keys(this.model.operations);
  }

  call({ headers, body }: WireRequest): AwsCall {
    const target = headers['x-amz-target'];
    const [prefix, name = ''] = typeof target === 'string' ? target.split('.') : [];
    const operation = prefix === this.model.metadata.targetPrefix && Object.hasOwn(this.model.operations, name) ? this.model.operations[name] : undefined;
    if (operation === undefined) throw new ServiceError('UnknownOperationException', 400, '');
    return {
      operation: name,
      input: () => {
        if (operation.input === undefined) return {};
        const input = decodeJsonBody(this.model, operation.input.shape, body);
        this.validator.validate(operation.input.shape, input);
        return input;
      },
    };
  }

  answer(operation: string, output: Record<string, unknown>, requestId: string): WireResponse {
    const { output: outputRef } = this.model.operations[operation] as OperationModel;
    const body = outputRef === undefined ? '' : JSON.stringify(encodeStructure(this.model, shapeOf(this.model, outputRef.shape), output));
    return { status: 200, headers: { 'x-amzn-RequestId': requestId, 'Content-Type': this.type }, body: Buffer.from(body) };
  }

  failure(error: unknown, requestId: string): WireResponse {
    const known = error instanceof ServiceError ? error : new ServiceError('ServiceUnavailableException', 500, INTERNAL_MESSAGE);
    // JSON 1.1 services answer all that is the caller's fault with 400, except for what the front refuses.
    const body = { __type: known.code, message: known.message, ...known.options.members };
    return { status: known.status, headers: { 'x-amzn-RequestId': requestId, 'Content-Type': this.type }, body: Buffer.from(JSON.stringify(body)) };
  }
}
