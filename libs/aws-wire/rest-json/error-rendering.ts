import { ServiceError, type ErrorFault, type MessageMember } from '@hearth/kernel';
import { JSON_TYPE, type WireResponse } from './encoding.js';
import type { ServiceModel } from './service-model.js';

/** Answers of the request framework and of the platform in front of it: no `Type` member (spec/lambda-api.md 2.1, 2.2). */
const WITHOUT_TYPE: ReadonlySet<string> = new Set([
  'ValidationException',
  'SerializationException',
  'UnknownOperationException',
  'NotImplementedException',
  'RequestEntityTooLargeException',
  'AccessDeniedException',
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'InvalidSignatureException',
]);

/** What a caller reads when Hearth itself failed: nothing about the inside. */
const INTERNAL_MESSAGE = 'An error occurred and the request cannot be processed.';

interface ErrorModel {
  messageMember: MessageMember;
  /** Member -> header name. */
  headers: Map<string, string>;
}

/** Renders errors as the service does (spec/lambda-api.md 2): which member carries the text is read from the model. */
export class ErrorRenderer {
  private readonly models = new Map<string, ErrorModel>();

  constructor(model?: ServiceModel) {
    for (const [name, shape] of Object.entries(model?.shapes ?? {})) {
      if (!shape.exception) continue;
      const headers = new Map<string, string>();
      for (const [member, { location, locationName }] of Object.entries(shape.members ?? {})) {
        if (location === 'header') headers.set(member, locationName ?? member);
      }
      this.models.set(name, { messageMember: shape.members?.['Message'] ? 'Message' : 'message', headers });
    }
  }

  /** Anything but a ServiceError is Hearth's own failure: 500 ServiceException without details. The caller logs it. */
  render(error: unknown, requestId: string): WireResponse {
    const known = error instanceof ServiceError ? error : new ServiceError('ServiceException', 500, INTERNAL_MESSAGE);
    const model = this.models.get(known.code);
    const headers: Record<string, string> = { 'x-amzn-RequestId': requestId, 'x-amzn-ErrorType': known.code, 'Content-Type': JSON_TYPE, ...known.options.headers };
    const body: Record<string, unknown> = {};
    for (const [member, value] of Object.entries(known.options.members ?? {})) {
      const header = model?.headers.get(member);
      if (header === undefined) body[member] = value;
      else headers[header] = String(value);
    }
    const fault = faultOf(known);
    if (fault !== null) body['Type'] = fault;
    body[known.options.messageMember ?? model?.messageMember ?? 'message'] = known.message;
    return { status: known.status, headers, body: Buffer.from(JSON.stringify(body)) };
  }
}

function faultOf(error: ServiceError): ErrorFault | null {
  if (error.options.fault !== undefined) return error.options.fault;
  if (WITHOUT_TYPE.has(error.code)) return null;
  return error.status < 500 ? 'User' : 'Service';
}
