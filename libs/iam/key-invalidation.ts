import type { Database } from '@hearth/database';

type Listener = Awaited<ReturnType<Database['dedicatedClient']>>;

const RECONNECT_MS = 500;

/** Hears of changed keys through Postgres. A lost connection is made again; meanwhile the cache's age limit bounds staleness. */
export class KeyInvalidation {
  static readonly CHANNEL = 'hearth_access_keys';
  private client: Listener | undefined;
  private timer: NodeJS.Timeout | undefined;
  private connecting: Promise<void> | undefined;
  private stopped = true;

  constructor(
    private readonly database: Database,
    private readonly changed: (accessKeyId: string) => void,
    private readonly onError: (error: Error) => void,
  ) {}

  async start(): Promise<void> {
    this.stopped = false;
    await this.connect();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.connecting?.catch(this.onError);
    const client = this.client;
    this.client = undefined;
    await client?.end();
  }

  private async connect(): Promise<void> {
    const client = await this.database.dedicatedClient();
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.changed(payload);
    });
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, new Error('The connection that listens for changed access keys ended')));
    this.client = client;
    await client.query(`LISTEN ${KeyInvalidation.CHANNEL}`);
  }

  private lost(client: Listener, error: Error): void {
    if (this.stopped || this.client !== client) return;
    this.client = undefined;
    this.onError(error);
    this.reconnectLater();
  }

  private reconnectLater(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.connecting = this.connect().catch((error: Error) => {
        this.client = undefined;
        this.onError(error);
        this.reconnectLater();
      });
    }, RECONNECT_MS);
    this.timer.unref();
  }
}
