import { z } from 'zod';

/**
 * Every setting of Hearth, declared here and nowhere else: environment name, type, default, meaning. The reference in
 * docs/configuration.md is generated from this table (`./hearth docs`).
 */
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');
const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const port = integer(0, 65_535);
const list = z.string().optional().transform((text) => (text ? text.split(',').filter((each) => each !== '') : []));
/** `nodejs22.x:512,python3.13` */
const emberList = (text: string) => (text === '' ? [] : text.split(',')).map((entry) => entry.split(':') as [string, string?]).map(([runtime, memory]) => ({ runtime, memoryMb: memory === undefined ? undefined : Number(memory) }));

export const settingsSchema = z.object({
  HEARTH_REGION: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/).default('us-east-1').describe('Region name in ARNs and signature scopes'),
  HEARTH_ACCOUNT_ID: z.string().regex(/^\d{12}$/).default('000000000000').describe('Account made at the first start'),
  HEARTH_STATE_DIR: z.string().min(1).default('/var/lib/hearth').describe('Code, embedded Postgres, keys and sandbox directories'),
  HEARTH_PROFILE_DIR: z.string().optional().describe('Where the first administrator key is written (default: the state directory)'),
  HEARTH_MASTER_KEY: z.string().regex(/^[A-Za-z0-9+/]{43}=$/).optional().describe('Base64 of 32 bytes that encrypts secrets at rest; without it a key file is made in the state directory'),
  HEARTH_PREVIOUS_MASTER_KEY: z.string().regex(/^[A-Za-z0-9+/]{43}=$/).optional().describe('What HEARTH_MASTER_KEY takes the place of, until `hearth keys rotate-master` has run'),

  HEARTH_HOST: z.string().default('127.0.0.1').describe('Address the API listens on'),
  HEARTH_PORT: port.default(4510).describe('Port of the API endpoint'),
  HEARTH_METRICS_PORT: port.default(9464).describe('Port of the Prometheus endpoint; 0 chooses a free one'),
  HEARTH_INGRESS_PORT: port.default(4511).describe('Port on which function URLs are served, on HEARTH_HOST; 0 chooses a free one'),
  HEARTH_INGRESS_URL: z
    .url()
    .refine((url) => /^https?:\/\/[^/?#@]+\/?$/.test(url), 'must have the form http[s]://DOMAIN[:PORT]')
    .optional()
    .describe('How clients reach function URLs: of https://on.example.com they become https://ID.lambda-url.REGION.on.example.com/ (default: http://localhost:PORT). The same server serves them as /_url/ID/ where DNS knows no wildcards'),
  HEARTH_INGRESS_PROXIES: integer(0, 10).default(0).describe("Proxies of your own in front of function URLs: that many entries at the end of X-Forwarded-For are believed for the client's address"),
  HEARTH_API_URL: z
    .url()
    .refine((url) => /^https?:\/\/[^/?#@]+\/?$/.test(url), 'must have the form http[s]://HOST[:PORT]')
    .transform((url) => url.replace(/\/$/, ''))
    .optional()
    .describe("Where a worker reaches the API for the functions in its sandboxes, which have AWS_ENDPOINT_URL and credentials of their role (default: HEARTH_PORT on this machine)"),
  HEARTH_PUBLIC_URL: z.url().optional().describe('How clients reach the API, in links that Hearth hands out; who calls a loopback address, as functions do, is given links to that'),

  DATABASE_URL: z.string().optional().describe('Postgres; without it the embedded one is started (apps/hearth only)'),
  REDIS_URL: z.string().optional().describe('Redis or Valkey; without it redis-server is started (apps/hearth only)'),
  HEARTH_S3_ENDPOINT: z
    .url()
    .refine((url) => /^https?:\/\/[^/?#@]+\/?$/.test(url), 'must have the form http[s]://HOST[:PORT]')
    .optional()
    .describe('S3-compatible store from which S3Bucket and S3Key of function code are read; without it only uploads to Hearth itself (bucket hearth-artifacts) can be named'),
  HEARTH_S3_REGION: z.string().min(1).default('us-east-1').describe('Region in the signatures for that store'),
  HEARTH_S3_ACCESS_KEY_ID: z.string().min(1).optional().describe('Access key for that store; it needs s3:GetObject'),
  HEARTH_S3_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Its secret'),

  DOCKER_HOST: z.string().optional().describe('Docker engine: unix://PATH or tcp://HOST:PORT; default the local socket'),

  HEARTH_SANDBOX_DRIVER: z.enum(['docker', 'process']).default('docker').describe('process gives no isolation: development only'),
  HEARTH_EGRESS: z.enum(['open', 'allow-list', 'none']).default('open').describe('What functions may connect to that have no VpcConfig: open = the internet, but no private addresses; allow-list = only HEARTH_EGRESS_ALLOW; none = no network. Never the machine itself, other sandboxes, link-local and metadata addresses'),
  HEARTH_EGRESS_ALLOW: z
    .string()
    .optional()
    .transform((text) => (text ? text.split(',').map((part) => part.trim()) : []))
    .describe('IPv4 networks that functions may connect to although they are private (open), or alone (allow-list), comma separated'),
  HEARTH_ISOLATION: z.enum(['runc', 'gvisor', 'kata']).default('runc').describe('Least isolation of functions: runc, gvisor (runsc) or kata, as the Docker engine has it; the tag hearth:isolation of a function asks for more'),
  HEARTH_RUNTIMES_FILE: z.string().optional().describe('Catalogue that maps runtime names to images (default: infra/runtimes/catalogue.json)'),
  HEARTH_IMAGE_PREFIXES: list.describe('Names with which the images of container-image functions must begin, comma separated; `{account}` is the account of the function. Without it any image that the engine can get may be used'),
  HEARTH_IMAGE_REGISTRIES: z
    .string()
    .regex(/^[A-Za-z0-9.*:-]+=[A-Za-z0-9.:/_-]+(,[A-Za-z0-9.*:-]+=[A-Za-z0-9.:/_-]+)*$/, 'must have the form REGISTRY=REGISTRY[/PATH], comma separated')
    .optional()
    .transform((text) => (text ? text.split(',').map((pair) => ({ from: pair.slice(0, pair.indexOf('=')), to: pair.slice(pair.indexOf('=') + 1) })) : []))
    .describe('Registries that take the place of those in image names, comma separated: `*.dkr.ecr.*.amazonaws.com=registry.example.com/ecr`; `*` stands for one part of a name'),
  HEARTH_REGISTRY_AUTH_FILE: z.string().min(1).optional().describe("Credentials for registries, as `docker login` writes them (config.json); read anew at every use. Each worker's own"),
  HEARTH_SANDBOX_IDLE_MS: integer(100, 86_400_000).default(600_000).describe('An idle sandbox ends after this time, in ms, while too little is known of how often its function is called'),
  HEARTH_SANDBOX_IDLE_MIN_MS: integer(100, 86_400_000).default(60_000).describe('Then it ends after the time within which 99 of 100 calls came, but not before this one, in ms'),
  HEARTH_SANDBOX_IDLE_MAX_MS: integer(100, 86_400_000).default(3_600_000).describe('And not after this one, in ms'),
  HEARTH_SANDBOX_FREEZE_MS: integer(0, 3_600_000).default(10).describe('An idle sandbox is frozen after this time, in ms: none of its processes runs until the next invocation; 0 = never'),
  HEARTH_SANDBOX_MAX: integer(1, 100_000).default(200).describe('Most sandboxes of one worker at a time'),
  HEARTH_SANDBOX_STARTS: integer(1, 64).default(8).describe('Most sandboxes of one worker starting at a time'),
  HEARTH_SANDBOX_WAIT_MS: integer(0, 600_000).default(10_000).describe('How long an invocation waits for room on a full worker before it is throttled, in ms'),
  HEARTH_EMBERS_MAX: integer(0, 1_000).default(4).describe('Most sandboxes started ahead, for any function of their runtime, at a time; how many are held follows demand; 0 = none'),
  HEARTH_EMBERS_STANDING: z.string().regex(/^([a-z0-9.]+(:\d+)?(,[a-z0-9.]+(:\d+)?)*)?$/).default('').transform(emberList).describe('Those of them that are held whether there is demand or not: RUNTIME or RUNTIME:MEMORY_MB, comma separated'),
  HEARTH_SANDBOX_MEMORY_MB: integer(0, 100_000_000).default(0).describe('Memory that sandboxes of one worker may claim, in MB; 0 = 80 % of the machine'),

  HEARTH_ACCOUNT_CONCURRENCY: integer(1, 1_000_000).default(1_000).describe('Concurrent executions of an account and region; 100 of them cannot be reserved. The same for every control plane and scheduler'),
  HEARTH_ASYNC_RETRY_DELAYS_MS: z.string().regex(/^\d+(,\d+)*$/).default('60000,120000').transform((text) => text.split(',').map(Number)).describe('Wait before the first and the second retry of a failed event, in ms'),
  HEARTH_ASYNC_MAX_AGE_S: integer(1, 21_600).default(21_600).describe('An event older than this is not tried again, in s'),
  HEARTH_ASYNC_CONCURRENCY: integer(1, 10_000).default(50).describe('Events that one scheduler runs at a time'),
  HEARTH_ASYNC_LEASE_MS: integer(1_000, 3_600_000).default(30_000).describe('An event not reported on for this long is given to another scheduler, in ms (renewed while it runs)'),
  HEARTH_RECONCILE_MS: integer(50, 60_000).default(1_000).describe('How often due events are looked for, in ms'),

  HEARTH_ASYNC_KEEP_SUCCEEDED_S: integer(0, 31_536_000).default(60).describe('How long the record of an event that succeeded is kept, in s'),
  HEARTH_ASYNC_KEEP_FAILED_S: integer(60, 31_536_000).default(1_209_600).describe('How long the record of an event that failed for good is kept, in s'),
  HEARTH_REDIS_PREFIX: z.string().regex(/^[A-Za-z0-9_-]+$/).default('hearth').describe('First part of every Redis key, so that several Hearths can share one Redis'),

  HEARTH_WORKER_URLS: z.string().optional().transform((text) => (text ? text.split(',') : [])).describe('Workers to use, comma separated, beside those that registered in Redis'),
  HEARTH_WORKER_HOST: z.string().default('127.0.0.1').describe('Address a worker listens on'),
  HEARTH_WORKER_PORT: port.default(4520).describe('Port a worker listens on'),
  HEARTH_WORKER_ADVERTISE: z.string().optional().describe('How others reach this worker (default http://HOST:PORT)'),
  HEARTH_FLEET_SECRET: z.string().min(16).optional().describe('Shared secret between control plane, scheduler and workers'),

  HEARTH_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info').describe('Level of the platform log'),
  HEARTH_TRACE_RATIO: z.coerce.number().min(0).max(1).default(1).describe('Share of invocations traced when the caller did not decide by the Sampled part of X-Amzn-Trace-Id: 0 to 1'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional().describe('Traces and metrics are sent there by OTLP; without it they are not sent'),
  HEARTH_AUDIT_INVOKES: flag.default(false).describe('Record every successful Invoke in the audit log as well; refused ones and all other calls are always recorded'),
  HEARTH_AUDIT_RETENTION_DAYS: integer(0, 36_500).default(0).describe('Audit events older than this are removed, in days; 0 keeps them for ever'),
  HEARTH_ALLOW_UNSAFE_POSTGRES: flag.default(false).describe('Start although Postgres runs with fsync, full_page_writes or synchronous_commit off (tests only)'),
});

export type Settings = Readonly<z.output<typeof settingsSchema>>;
