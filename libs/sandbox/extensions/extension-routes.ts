import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionSpec } from '../function-spec.js';
import { faults } from './extension-fault.js';
import type { Extension, ExtensionRegistry } from './extension-registry.js';
import { exchange, header, jsonObject, refuse, reply, type JsonAnswer } from './json-exchange.js';

const BASE = '/2020-01-01/extension/';
const STATUS_OK: JsonAnswer = { status: 202, body: { status: 'OK' } };

/** The Extensions API of one execution environment (runtime-api.md section 2). */
export class ExtensionRoutes {
  /** @param registered told of internal extensions too */
  constructor(
    private readonly registry: ExtensionRegistry,
    private readonly spec: FunctionSpec,
    private readonly registered: (extension: Extension) => void,
  ) {}

  /** @returns false when the path is none of this API's */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url ?? '';
    if (!path.startsWith(BASE)) return false;
    switch (`${request.method} ${path.slice(BASE.length)}`) {
      case 'POST register':
        exchange(request, response, (body) => this.register(request, body));
        return true;
      case 'GET event/next':
        this.next(request, response);
        return true;
      case 'POST init/error':
        exchange(request, response, () => this.error(request, 'init'));
        return true;
      case 'POST exit/error':
        exchange(request, response, () => this.error(request, 'exit'));
        return true;
      default:
        return false;
    }
  }

  private register(request: IncomingMessage, body: Buffer): JsonAnswer {
    const { events = [] } = jsonObject(body);
    if (!Array.isArray(events) || events.some((one) => typeof one !== 'string'))
      throw faults.requestFormat('`events` is not a list of strings.');
    const { functionName, version, handler, accountId } = this.spec;
    const extension = this.registry.register(header(request, 'lambda-extension-name') ?? '', events as string[]);
    this.registered(extension);
    const wanted = (header(request, 'lambda-extension-accept-feature') ?? '').split(',').map((feature) => feature.trim());
    return {
      status: 200,
      body: { functionName, functionVersion: version, handler, ...(wanted.includes('accountId') ? { accountId } : {}) },
      headers: { 'Lambda-Extension-Identifier': extension.id },
    };
  }

  private next(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    try {
      const takeBack = this.registry.next(header(request, 'lambda-extension-identifier'), (event) =>
        reply(response, 200, event, { 'Lambda-Extension-Event-Identifier': randomUUID() }),
      );
      response.on('close', takeBack);
    } catch (error) {
      refuse(response, error);
    }
  }

  private error(request: IncomingMessage, kind: 'init' | 'exit'): JsonAnswer {
    this.registry.reportError(
      header(request, 'lambda-extension-identifier'),
      kind,
      header(request, 'lambda-extension-function-error-type'),
    );
    return STATUS_OK;
  }
}
