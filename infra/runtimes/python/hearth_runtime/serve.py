"""Loads the handler, then serves invocations from the worker's socket, one at a time.

`sys.exit` and other BaseExceptions of the user's code end the process with their status: the worker answers Runtime.ExitError.
Exit status 1: init failed, or the worker is gone.
"""

import importlib
import json
import os
import sys

from .channel import ERROR, INIT_ERROR, INVOKE, READY, RESPONSE, Channel, WorkerGone
from .context import LambdaContext
from .errors import RUNTIME_DIRECTORY, RuntimeFault, error_object, flush_output, import_fault
from .logs import Current, log_error, set_up_logging
from .marshal import read_event, write_result


def _set_up_path():
    """/var/task, then the layers, then Python's own; the runtime last, so that no module of it hides one of the user's."""
    layers = "/opt/python"
    site_packages = "%s/lib/python%d.%d/site-packages" % (layers, *sys.version_info[:2])
    others = [entry for entry in sys.path if entry != RUNTIME_DIRECTORY]
    sys.path[:] = [os.environ.get("LAMBDA_TASK_ROOT", "/var/task"), site_packages, layers, *others, RUNTIME_DIRECTORY]


def load_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise RuntimeFault("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise RuntimeFault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except (ImportError, SyntaxError) as error:
        raise import_fault(module_name, error)
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise RuntimeFault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name))


def _set_trace_id(value):
    """For whoever looks in os.environ. Past the C library, which never frees a value: a busy function would grow by each of them."""
    name = os.environ.encodekey("_X_AMZN_TRACE_ID")
    if value:
        os.environ._data[name] = os.environ.encodevalue(value)
    else:
        os.environ._data.pop(name, None)


def _invoke(channel, handler, header, body):
    request_id = Current.request_id = header["id"]
    Current.tenant_id = header.get("tenantId")
    _set_trace_id(header.get("traceId"))
    try:
        result = write_result(handler(read_event(body), LambdaContext(header)))
    except Exception as error:
        shown = error_object(error, request_id)
        log_error(shown)
        channel.send(ERROR, {"id": request_id, "errorType": shown["errorType"]}, json.dumps(shown).encode("utf-8"))
        return
    # The log of an invocation has to be complete before its response arrives.
    flush_output()
    channel.send(RESPONSE, {"id": request_id}, result)


def main():
    socket_path = os.environ.pop("HEARTH_RUNTIME_SOCKET", None) or "/run/hearth/runtime.sock"
    _set_up_path()
    set_up_logging()
    channel = Channel(socket_path)
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:
        shown = error_object(error)
        log_error(shown)
        channel.send(INIT_ERROR, {"errorType": shown["errorType"]}, json.dumps(shown).encode("utf-8"))
        sys.exit(1)
    flush_output()
    channel.send(READY, {})
    while True:
        try:
            kind, header, body = channel.receive()
        except WorkerGone:
            sys.exit(1)
        if kind == INVOKE:
            _invoke(channel, handler, header, body)
