import type { Settings } from '@hearth/config';

/** Every address of the machine, as an address to listen on; to connect to, it means this machine. */
const ANY = new Set(['0.0.0.0', '::']);

/** Where this process reaches Hearth's API on behalf of functions: as configured, else on this machine. */
export class ApiAddress {
  private opened: string | undefined;

  constructor(private readonly settings: Pick<Settings, 'HEARTH_API_URL' | 'HEARTH_HOST' | 'HEARTH_PORT'>) {}

  /** `http[s]://HOST[:PORT]`; undefined while the port is not known, which the system chooses. */
  get url(): string | undefined {
    const { HEARTH_API_URL: configured, HEARTH_HOST: host, HEARTH_PORT: port } = this.settings;
    return configured ?? this.opened ?? (port === 0 ? undefined : local(host, port));
  }

  /** The endpoint of this very process listens. @param endpoint `http://HOST:PORT` */
  isOpen(endpoint: string): void {
    this.opened = local(this.settings.HEARTH_HOST, Number(new URL(endpoint).port));
  }
}

function local(host: string, port: number): string {
  if (ANY.has(host)) return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
