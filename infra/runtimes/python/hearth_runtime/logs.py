"""The `logging` root handler in Lambda's two formats (invoke.md 3.1 and 3.2)."""

import json
import logging
import os
import sys
import time

from .errors import flush_output

NO_BREAK_SPACE = "\u00a0"


class Current:
    """What the log lines of the moment belong to; set by the invocation loop."""

    request_id = ""
    tenant_id = None


_STANDARD_MEMBERS = frozenset(logging.makeLogRecord({}).__dict__) | {"aws_request_id", "tenant_id", "message", "asctime", "taskName"}


def is_json():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def _timestamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % (seconds * 1000 % 1000)


class TextFormatter(logging.Formatter):
    converter = time.gmtime

    def __init__(self):
        super().__init__("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record):
        # LF ends a record on the log channel; CR keeps a multi-line record together (runtime-api.md 1.4).
        return super().format(record).replace("\n", "\r") + "\n"


class JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {
            "timestamp": _timestamp(record.created),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": record.aws_request_id,
        }
        if record.exc_info and record.exc_info[0]:
            import traceback

            entry["stackTrace"] = traceback.format_tb(record.exc_info[2])
            entry["errorType"] = record.exc_info[0].__name__
            entry["errorMessage"] = str(record.exc_info[1])
            entry["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        if record.tenant_id is not None:
            entry["tenantId"] = record.tenant_id
        for name, value in record.__dict__.items():
            if name not in _STANDARD_MEMBERS and name not in entry and value is not None:
                entry[name] = value
        return json.dumps(entry, ensure_ascii=False, default=str) + "\n"


class RequestFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = Current.request_id
        record.tenant_id = Current.tenant_id
        return True


class OutputHandler(logging.Handler):
    """Writes to whatever `sys.stdout` is when the line is written, so that redirections by the user hold."""

    def emit(self, record):
        try:
            sys.stdout.write(self.format(record))
        except Exception:
            self.handleError(record)


def set_up_logging():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    handler = OutputHandler()
    handler.setFormatter(JsonFormatter() if is_json() else TextFormatter())
    handler.addFilter(RequestFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level)
    if level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)


def log_error(shown):
    """The line of a failed invocation or init; `shown` is the error object."""
    if is_json():
        line = json.dumps({"timestamp": _timestamp(time.time()), "level": "ERROR", **shown}, ensure_ascii=False)
    else:
        lines = ["[ERROR] %s: %s" % (shown["errorType"], shown["errorMessage"]), "Traceback (most recent call last):"]
        for element in shown["stackTrace"]:
            for text in element.splitlines():
                stripped = text.lstrip(" ")
                # Plain leading spaces would be trimmed in log views.
                lines.append(NO_BREAK_SPACE * (len(text) - len(stripped)) + stripped)
        line = "\r".join(lines).replace("\n", "\r")
    try:
        sys.stdout.write(line + "\n")
    except (OSError, ValueError, AttributeError):
        pass  # The user closed stdout: the caller still gets the error object.
    flush_output()
