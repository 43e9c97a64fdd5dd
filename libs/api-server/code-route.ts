import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { CODE_PATH, type CodeLinks } from './code-links.js';

/** Serves code archives to holders of a signed link. */
export function codeRoute(links: CodeLinks, readArchive: (digest: string) => Promise<Buffer>, logger: Logger): (scope: FastifyInstance, options: unknown, done: () => void) => void {
  return (scope, _options, done) => {
    scope.get<{ Params: { account: string; digest: string }; Querystring: { expires?: string; signature?: string } }>(`${CODE_PATH}/:account/:digest`, async (request, reply) => {
      const { account, digest } = request.params;
      const { expires, signature } = request.query;
      if (typeof expires !== 'string' || typeof signature !== 'string' || !links.isValid(account, digest, expires, signature)) {
        return reply.code(403).send({ message: 'This link is not valid or has expired. Call GetFunction for a new one.' });
      }
      try {
        const archive = await readArchive(digest);
        return await reply.header('content-type', 'application/zip').send(archive);
      } catch (error) {
        logger.error({ err: error, digest }, 'code archive cannot be read');
        return reply.code(404).send({ message: 'This code archive is not there any more.' });
      }
    });
    done();
  };
}
