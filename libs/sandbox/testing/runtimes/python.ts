import type { RuntimeLanguage } from './runtime-language.js';

const PROBE = `
import logging, os, subprocess, sys, time
import common, versioned, own

class OrderMissing(Exception):
    pass

def context(event, context):
    client = context.client_context
    return {
        "functionName": context.function_name, "functionVersion": context.function_version, "invokedFunctionArn": context.invoked_function_arn,
        "memoryLimit": context.memory_limit_in_mb, "requestId": context.aws_request_id, "logGroup": context.log_group_name,
        "logStream": context.log_stream_name, "remaining": context.get_remaining_time_in_millis(),
        "clientContext": client and {"custom": client.custom},
    }

def fail(event, context):
    return {}["order"]

def custom(event, context):
    raise OrderMissing("no order 7")

def log(event, context):
    print("plain")
    logger = logging.getLogger("orders")
    logger.setLevel(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "DEBUG"))
    logger.debug("detail"); logger.info("two\\nlines")
    try:
        custom(event, context)
    except OrderMissing:
        logger.exception("failed")

def sdk(event, context):
    import boto3, botocore.session
    return [botocore.session.get_session().create_client("s3", region_name="us-east-1").meta.service_model.service_name, boto3.name]

PROBES = {
    "context": context, "throw": fail, "custom": custom, "log": log, "sdk": sdk,
    "environment": lambda event, context: dict(os.environ),
    "layer": lambda event, context: {
        "common": common.name, "versioned": versioned.name, "own": own.name, "tool": subprocess.check_output(["tool"], text=True).strip()
    },
    "exit": lambda event, context: sys.exit(3),
    "never": lambda event, context: time.sleep(60),
}

def handler(event, context):
    return PROBES[event["probe"]](event, context)
`;
const named = (name: string): string => `name = "${name}"\n`;

export const python: RuntimeLanguage = {
  name: 'Python',
  runtimes: ['python3.11', 'python3.13', 'python3.14'],
  handler: 'orders/probe.handler',
  code: async () => ({ 'orders/__init__.py': '', 'orders/probe.py': PROBE, 'own.py': named('function') }),
  layer: async (runtime) => ({
    'python/own.py': named('layer'),
    'python/common.py': named('layer'),
    'python/versioned.py': named('for all'),
    [`python/lib/${runtime}/site-packages/versioned.py`]: named('for this version'),
    // A layer's copy of what the image brings too.
    'python/boto3/__init__.py': named('own of the layer'),
    'bin/tool': '#!/bin/sh\necho tool of the layer\n',
  }),
  thrown: { errorType: 'KeyError', errorMessage: "'order'", requestId: expect.any(String) },
  custom: { errorType: 'OrderMissing', errorMessage: 'no order 7', requestId: expect.any(String) },
  trace: { member: 'stackTrace', line: /File "\/var\/task\/orders\/probe\.py", line \d+, in handler/ },
  textLog: [/^plain$/, /^\[DEBUG\]\t\S+Z\t[-0-9a-f]{36}\tdetail$/, /^\[INFO\]\t\S+Z\t[-0-9a-f]{36}\ttwo\rlines$/, /^\[ERROR\]\t\S+Z\t[-0-9a-f]{36}\tfailed\rTraceback/],
  jsonLog: [{ level: 'ERROR', logger: 'orders', message: 'failed', errorType: 'OrderMissing', errorMessage: 'no order 7', stackTrace: expect.any(Array), requestId: expect.any(String) }],
  sdk: ['s3', 'own of the layer'],
  environment: () => ({ PYTHONPATH: '/var/runtime', LC_CTYPE: 'C.UTF-8' }),
  exit: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/Error: Runtime exited with error: exit status 3$/) },
  forms: [
    { what: 'a function of a module in a package, by dots', handler: 'shop.orders.list_all', files: { 'shop/__init__.py': '', 'shop/orders.py': 'def list_all(event, context):\n    return [event["n"], None, "é"]\n' }, event: { n: 7 }, answer: [7, null, 'é'] },
    { what: 'an object that can be called', handler: 'app.handler', files: { 'app.py': 'class Handler:\n    def __call__(self, event, context):\n        return event\nhandler = Handler()\n' }, event: 'x', answer: 'x' },
  ],
  broken: [
    { what: 'a missing module', handler: 'nothing.handler', files: {}, error: { errorType: 'Runtime.ImportModuleError', errorMessage: "Unable to import module 'nothing': No module named 'nothing'" } },
    { what: 'a missing function', handler: 'app.nothing', files: { 'app.py': '' }, error: { errorType: 'Runtime.HandlerNotFound', errorMessage: "Handler 'nothing' missing on module 'app'" } },
    { what: 'a syntax error', handler: 'app.handler', files: { 'app.py': 'def handler(' }, error: { errorType: 'Runtime.UserCodeSyntaxError', errorMessage: expect.stringContaining("Syntax error in module 'app'") } },
  ],
};
