import { ServiceError } from '@hearth/kernel';
import type { WireResponse } from '@hearth/aws-wire';

/** Services whose clients read errors as XML. */
const QUERY_SERVICES: ReadonlySet<string> = new Set(['iam', 'sts', 'sns', 'cloudformation', 'ec2', 'monitoring', 'rds', 'autoscaling', 'elasticloadbalancing']);

export function serviceNotImplemented(service: string, served: readonly string[]): ServiceError {
  return new ServiceError('NotImplementedException', 501, `Service '${service}' is not implemented by Hearth yet; this endpoint serves: ${served.join(', ')}.`, {
    fault: null,
    messageMember: 'message',
  });
}

/** The same answer in the form that clients of this service read. */
export function forService(service: string, response: WireResponse, code: string, message: string, requestId: string): WireResponse {
  if (service !== 's3' && !QUERY_SERVICES.has(service)) return response;
  const detail = `<Code>${code}</Code><Message>${escapeXml(message)}</Message>`;
  const xml =
    service === 's3'
      ? `<Error>${detail}<RequestId>${requestId}</RequestId></Error>`
      : `<ErrorResponse><Error><Type>Sender</Type>${detail}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
  return { ...response, headers: { ...response.headers, 'Content-Type': 'text/xml' }, body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${xml}`) };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
