import type { Database } from '@hearth/database';

type Client = Awaited<ReturnType<Database['dedicatedClient']>>;

const RECONNECT_MS = 500;

export interface ChangeListenerOptions {
  database: Database;
  /** Of NOTIFY; a name of the program, never of a user. */
  channel: string;
  /** @param id what changed: the payload */
  changed: (id: string) => void;
  onError: (error: Error) => void;
}

/** Hears of changes through Postgres. A lost connection is made again; meanwhile the age limit of the cache behind it bounds staleness. */
export class ChangeListener {
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private connecting: Promise<void> | undefined;
  private stopped = true;

  constructor(private readonly options: ChangeListenerOptions) {}

  async start(): Promise<void> {
    this.stopped = false;
    await this.connect();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.connecting?.catch(this.options.onError);
    const client = this.client;
    this.client = undefined;
    await client?.end();
  }

  private async connect(): Promise<void> {
    const { database, channel, changed } = this.options;
    const client = await database.dedicatedClient();
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) changed(payload);
    });
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, new Error(`The connection that listens on ${channel} ended`)));
    this.client = client;
    await client.query(`LISTEN ${channel}`);
  }

  private lost(client: Client, error: Error): void {
    if (this.stopped || this.client !== client) return;
    this.client = undefined;
    this.options.onError(error);
    this.reconnectLater();
  }

  private reconnectLater(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.connecting = this.connect().catch((error: Error) => {
        this.client = undefined;
        this.options.onError(error);
        this.reconnectLater();
      });
    }, RECONNECT_MS);
    this.timer.unref();
  }
}
