import type { SigV4Verifier } from '@hearth/aws-wire';
import { ErrorRenderer } from '@hearth/aws-wire';
import { ServiceError, type Clock } from '@hearth/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { authenticateHead, type KeyLookup } from './authentication.js';
import { AwsRequest } from './aws-request.js';
import { MAX_REQUEST_BYTES } from './body-limits.js';
import { CallFacts, type Guard } from './guard.js';

export const ARTIFACT_PATH = '/_hearth/artifacts';
/** Of an S3 key. */
const MAX_KEY_BYTES = 1_024;
const REQUEST = Symbol('AwsRequest');
type Signed = FastifyRequest & { [REQUEST]?: AwsRequest };

/** `UploadStore` of artifacts. */
export interface Uploads {
  put(accountId: string, key: string, content: Buffer): Promise<string>;
  read(object: { bucket: string; key: string }, accountId: string): Promise<Buffer>;
  delete(accountId: string, key: string): Promise<void>;
}

export interface ArtifactRouteOptions {
  uploads: Uploads;
  /** S3Bucket under which Lambda's API sees the uploads. */
  bucket: string;
  verifier: SigV4Verifier;
  keys: KeyLookup;
  guard: Guard;
  region: string;
  clock: Clock;
  logger: Logger;
}

/**
 * Upload of code to Hearth itself: `PUT|GET|DELETE /_hearth/artifacts/KEY`, signed like any AWS request (SigV4, service `lambda` or `s3`).
 * What is there can be named as code in every operation that takes S3Bucket and S3Key.
 */
export function artifactRoute(options: ArtifactRouteOptions): (scope: FastifyInstance, routeOptions: unknown, done: () => void) => void {
  const { uploads, bucket, verifier, keys, guard, region, clock, logger } = options;
  const errors = new ErrorRenderer();

  /** @returns the account, once signature and permission hold */
  async function admitted(request: FastifyRequest, action: string, key: string): Promise<{ accountId: string; content: Buffer }> {
    const own = (request as Signed)[REQUEST]!;
    const content = Buffer.from(verifier.checkBody(own.presented!, own.key!, (request.body as Buffer | undefined) ?? Buffer.alloc(0)));
    await guard.check(own.key!, { action, resource: `arn:aws:s3:::${bucket}/${key}` }, new CallFacts(request.raw, clock.now(), region));
    return { accountId: own.key!.accountId, content };
  }

  return (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_REQUEST_BYTES }, (_request, body, parsed) => parsed(null, body));
    scope.addHook('onRequest', async (request) => {
      const own = new AwsRequest(request.raw);
      (request as Signed)[REQUEST] = own;
      await authenticateHead(verifier, keys, own);
      const { service } = own.presented!.credential;
      if (service !== 'lambda' && service !== 's3') throw invalid(`Sign this request for the service lambda or s3, not '${service}'.`);
    });

    scope.put<{ Params: { '*': string } }>(`${ARTIFACT_PATH}/*`, { bodyLimit: MAX_REQUEST_BYTES }, async (request, reply) => {
      const key = keyOf(request);
      const { accountId, content } = await admitted(request, 's3:PutObject', key);
      const version = await uploads.put(accountId, key, content);
      return reply.code(200).send({ S3Bucket: bucket, S3Key: key, S3ObjectVersion: version, Size: content.length });
    });
    scope.get<{ Params: { '*': string } }>(`${ARTIFACT_PATH}/*`, async (request, reply) => {
      const key = keyOf(request);
      const { accountId } = await admitted(request, 's3:GetObject', key);
      return reply.header('content-type', 'application/octet-stream').send(await uploads.read({ bucket, key }, accountId));
    });
    scope.delete<{ Params: { '*': string } }>(`${ARTIFACT_PATH}/*`, async (request, reply) => {
      const key = keyOf(request);
      const { accountId } = await admitted(request, 's3:DeleteObject', key);
      await uploads.delete(accountId, key);
      return reply.code(204).send();
    });

    scope.setErrorHandler((error: Error & { code?: string }, request, reply: FastifyReply) => {
      const shown = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? tooLarge(error) : error;
      const requestId = (request as Signed)[REQUEST]?.requestId ?? request.id;
      if (!(shown instanceof ServiceError) || shown.status >= 500) logger.error({ err: error, requestId }, 'an upload failed');
      const { status, headers, body } = errors.render(shown, requestId);
      return reply.code(status).headers(headers).send(body);
    });
    done();
  };
}

function keyOf(request: FastifyRequest<{ Params: { '*': string } }>): string {
  const key = request.params['*'];
  if (key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES || key.includes('\0')) throw invalid(`The key must have 1 to ${MAX_KEY_BYTES} bytes.`);
  return key;
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, message, { messageMember: 'message' });
}

function tooLarge(cause: Error): ServiceError {
  return new ServiceError('RequestEntityTooLargeException', 413, `Request must be smaller than ${MAX_REQUEST_BYTES} bytes`, { fault: null, messageMember: 'message', cause });
}
