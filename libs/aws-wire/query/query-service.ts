import { ServiceError } from '@hearth/kernel';
import type { AwsCall, AwsService, WireRequest } from '../aws-service.js';
import type { WireResponse } from '../rest-json/encoding.js';
import { shapeOf, type OperationModel, type ServiceModel } from '../rest-json/service-model.js';
import { InputValidator } from '../rest-json/validation.js';
import { formText, parameterTree } from './parameter-tree.js';
import { decodeParameters } from './query-decoding.js';
import { element, escapeXml, xmlOfStructure } from './xml-encoding.js';

const XML_TYPE = 'text/xml';
const INTERNAL_MESSAGE = 'The request processing has failed because of an unknown error, exception or failure.';

/** What the front of Hearth calls otherwise than query services do (spec/iam-and-sts.md 2.4). */
const QUERY_CODES: Record<string, string> = {
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  IncompleteSignatureException: 'IncompleteSignature',
  UnrecognizedClientException: 'InvalidClientTokenId',
  ExpiredTokenException: 'ExpiredToken',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  AccessDeniedException: 'AccessDenied',
  NotImplementedException: 'NotImplemented',
  ServiceException: 'InternalFailure',
};

/** A service of the AWS query protocol (IAM, STS): form parameters in, XML out. */
export class QueryService implements AwsService {
  private readonly validator: InputValidator;

  constructor(
    readonly name: string,
    readonly model: ServiceModel,
  ) {
    this.validator = new InputValidator(model, { errorCode: 'ValidationError' });
  }

  get operationNames(): readonly string[] {
    return Object.keys(this.model.operations);
  }

  call(request: WireRequest): AwsCall {
    const tree = parameterTree([queryText(request), formText(request.body)]);
    const action = tree.children.get('Action')?.value;
    const version = tree.children.get('Version')?.value ?? this.model.metadata.apiVersion;
    if (action === undefined) throw new ServiceError('MissingAction', 400, 'The request is missing an action or a required parameter.');
    const operation = Object.hasOwn(this.model.operations, action) ? this.model.operations[action]! : undefined;
    if (operation === undefined || version !== this.model.metadata.apiVersion) {
      throw new ServiceError('InvalidAction', 400, `Could not find operation ${action} for version ${version}`);
    }
    return {
      operation: action,
      input: () => {
        if (operation.input === undefined) return {};
        const input = decodeParameters(this.model, operation.input.shape, tree);
        this.validator.validate(operation.input.shape, input);
        return input;
      },
    };
  }

  answer(operation: string, output: Record<string, unknown>, requestId: string): WireResponse {
    const { output: outputRef } = this.model.operations[operation] as OperationModel;
    const result = outputRef === undefined ? '' : element(outputRef.resultWrapper ?? `${operation}Result`, xmlOfStructure(this.model, shapeOf(this.model, outputRef.shape), output));
    const metadata = element('ResponseMetadata', element('RequestId', requestId));
    return this.xml(200, `<${operation}Response xmlns="${this.model.metadata.xmlNamespace}">${result}${metadata}</${operation}Response>`, requestId);
  }

  failure(error: unknown, requestId: string): WireResponse {
    const known = error instanceof ServiceError ? error : new ServiceError('InternalFailure', 500, INTERNAL_MESSAGE);
    const code = QUERY_CODES[known.code] ?? known.code;
    const content =
      element('Type', known.status < 500 ? 'Sender' : 'Receiver') + element('Code', escapeXml(code)) + element('Message', escapeXml(known.message));
    return this.xml(
      known.status,
      `<ErrorResponse xmlns="${this.model.metadata.xmlNamespace}">${element('Error', content)}${element('RequestId', requestId)}</ErrorResponse>`,
      requestId,
    );
  }

  private xml(status: number, text: string, requestId: string): WireResponse {
    return { status, headers: { 'x-amzn-RequestId': requestId, 'Content-Type': XML_TYPE }, body: Buffer.from(text) };
  }
}

/** GET is allowed as well: presigned GetCallerIdentity. */
function queryText({ query }: WireRequest): string {
  return [...query].flatMap(([name, values]) => values.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)).join('&');
}
