import type { FunctionSpec } from './function-spec.js';

/** Temporary credentials of the function's role. */
export interface FunctionCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

export type InitializationType = 'on-demand' | 'provisioned-concurrency';

/** What differs from sandbox to sandbox, or between drivers. */
export interface EnvironmentPlace {
  logStream: string;
  /** Where the function's code is, as the function sees it. */
  taskRoot: string;
  runtimeDirectory: string;
  /** `host:port`; absent where the runtime uses Hearth's socket. */
  runtimeApi?: string;
  /** Of container images: names that the image itself sets. They give way to the function's own variables only. */
  imageVariables?: ReadonlySet<string>;
  /** URL at which the sandbox reaches Hearth's own API; absent where it cannot. */
  apiEndpoint?: string;
  /** Default `on-demand`. */
  initializationType?: InitializationType;
}

/**
 * Everything a function finds in its environment (runtime-api.md section 5). Precedence: user < what users may override <
 * credentials < platform. User names that begin with `_` are dropped.
 */
export function functionEnvironment(spec: FunctionSpec, place: EnvironmentPlace, credentials?: FunctionCredentials): Record<string, string> {
  const user = Object.fromEntries(Object.entries(spec.environment).filter(([name]) => !name.startsWith('_')));
  return {
    ...overridable(spec, place),
    ...user,
    ...(credentials && {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
    }),
    ...platform(spec, place),
  };
}

/** The reserved names that users may set themselves ("unreserved"). */
function overridable(spec: FunctionSpec, place: EnvironmentPlace): Record<string, string> {
  if (spec.image !== undefined) return imageDefaults(spec, place);
  const root = place.taskRoot;
  const runtime = place.runtimeDirectory;
  return {
    AWS_DEFAULT_REGION: spec.region,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    LD_LIBRARY_PATH: `/var/lang/lib:/lib64:/usr/lib64:${runtime}:${runtime}/lib:${root}:${root}/lib:/opt/lib`,
    // SDKs and the command line find Hearth by it; on Lambda itself nobody needs it.
    ...(place.apiEndpoint ? { AWS_ENDPOINT_URL: place.apiEndpoint } : {}),
    ...languagePaths(spec.runtime, place),
  };
}

/** An image knows its own paths and languages. */
function imageDefaults(spec: FunctionSpec, place: EnvironmentPlace): Record<string, string> {
  const defaults = {
    AWS_DEFAULT_REGION: spec.region,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: place.taskRoot,
    LAMBDA_RUNTIME_DIR: place.runtimeDirectory,
    ...(place.apiEndpoint ? { AWS_ENDPOINT_URL: place.apiEndpoint } : {}),
  };
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !place.imageVariables?.has(name)));
}

function languagePaths(name: string, place: EnvironmentPlace): Record<string, string> {
  const node = /^nodejs(\d+)/.exec(name);
  if (node) {
    return {
      NODE_PATH: [`/opt/nodejs/node${node[1]}/node_modules`, '/opt/nodejs/node_modules', `${place.runtimeDirectory}/node_modules`, place.runtimeDirectory, place.taskRoot].join(':'),
    };
  }
  if (name.startsWith('python')) return { PYTHONPATH: place.runtimeDirectory, LC_CTYPE: 'C.UTF-8' };
  const ruby = /^ruby(\d+\.\d+)$/.exec(name);
  if (ruby) {
    const abi = `${ruby[1]}.0`;
    return {
      GEM_PATH: `${place.taskRoot}/vendor/bundle/ruby/${abi}:/opt/ruby/gems/${abi}`,
      RUBYLIB: `${place.taskRoot}:${place.runtimeDirectory}/lib:/opt/ruby/lib`,
    };
  }
  return {};
}

function platform(spec: FunctionSpec, place: EnvironmentPlace): Record<string, string> {
  return {
    // The entry script of an image takes the handler from its command.
    ...(spec.image === undefined && { _HANDLER: spec.handler, LAMBDA_TASK_ROOT: place.taskRoot, LAMBDA_RUNTIME_DIR: place.runtimeDirectory }),
    AWS_REGION: spec.region,
    ...(spec.image !== undefined || spec.runtime.startsWith('provided') ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}` }),
    AWS_LAMBDA_FUNCTION_NAME: spec.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: spec.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: spec.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: place.logStream,
    AWS_LAMBDA_LOG_FORMAT: spec.logFormat,
    ...(spec.logFormat === 'JSON' && spec.applicationLogLevel ? { AWS_LAMBDA_LOG_LEVEL: spec.applicationLogLevel } : {}),
    AWS_LAMBDA_INITIALIZATION_TYPE: place.initializationType ?? 'on-demand',
    _AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1',
    _AWS_XRAY_DAEMON_PORT: '2000',
    ...(place.runtimeApi ? { AWS_LAMBDA_RUNTIME_API: place.runtimeApi } : {}),
  };
}
