import Docker from 'dockerode';
import { OperatorError } from '@hearth/kernel';

/**
 * The engine at an address as DOCKER_HOST gives it: `unix://PATH`, `tcp://HOST:PORT`; default the local socket.
 * @throws OperatorError for any other form
 */
export function dockerEngine(host: string | undefined): Docker {
  if (host === undefined) return new Docker({ socketPath: '/var/run/docker.sock' });
  const unix = /^unix:\/\/(\/.+)$/.exec(host);
  if (unix) return new Docker({ socketPath: unix[1] });
  const tcp = /^(?:tcp|http):\/\/(\[[0-9a-f:]+\]|[^:/]+):(\d+)\/?$/i.exec(host);
  if (tcp) return new Docker({ host: (tcp[1] as string).replace(/^\[|\]$/g, ''), port: Number(tcp[2]), protocol: 'http' });
  throw new OperatorError(`DOCKER_HOST is ${host}, which is neither unix://PATH nor tcp://HOST:PORT.`, 'Correct it; for an engine behind TLS or SSH, forward its socket to this machine.');
}
