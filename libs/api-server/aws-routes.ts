import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AwsEndpoint } from './aws-endpoint.js';
import { AwsRequest } from './aws-request.js';
import { MAX_REQUEST_BYTES } from './body-limits.js';

const AWS_REQUEST = Symbol('AwsRequest');
type Admitted = FastifyRequest & { [AWS_REQUEST]: AwsRequest };

/**
 * Puts the endpoint directly on Fastify, in a scope of its own: outside Nest's pipeline, with raw bodies and without JSON parsing.
 * Everything that no other route takes is an AWS request. Invocations do not come here: see invoke-listener.ts.
 */
export function awsRoutes(endpoint: AwsEndpoint): (scope: FastifyInstance, options: unknown, done: () => void) => void {
  return (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));

    scope.addHook('onRequest', (request, reply, next) => {
      const own = new AwsRequest(request.raw);
      (request as Admitted)[AWS_REQUEST] = own;
      endpoint.admit(own, reply.raw, next);
      // When the endpoint refused, it has written the answer, and `next` is never called.
    });

    const answer = (request: FastifyRequest, reply: { hijack(): unknown; raw: ServerResponse }): void => {
      reply.hijack();
      endpoint.answer((request as Admitted)[AWS_REQUEST], reply.raw, request.body as Buffer | undefined);
    };
    scope.all('/*', { bodyLimit: MAX_REQUEST_BYTES }, answer);

    // Only the body's reader can fail here: the endpoint catches everything itself.
    scope.setErrorHandler((error: Error & { code?: string }, request, reply) => {
      const own = (request as Admitted)[AWS_REQUEST];
      reply.hijack();
      if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') endpoint.bodyTooLarge(own, reply.raw);
      else endpoint.fail(own, reply.raw, error);
    });
    done();
  };
}
