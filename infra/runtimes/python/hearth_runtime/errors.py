"""Error types and shapes of Lambda's Python runtimes (invoke.md section 2)."""

import os
import sys
import traceback

RUNTIME_DIRECTORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class RuntimeFault(Exception):
    """A failure that the runtime itself words, for instance Runtime.ImportModuleError."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace or []


def error_object(error, request_id=""):
    """The object the caller gets. Frames of the runtime before the user's code are left out."""
    if isinstance(error, RuntimeFault):
        message, error_type, trace = error.message, error.error_type, error.trace
    else:
        frames = traceback.extract_tb(error.__traceback__)
        while frames and frames[0].filename.startswith(RUNTIME_DIRECTORY + os.sep):
            del frames[0]
        message, error_type, trace = _text_of(error), type(error).__name__, traceback.format_list(frames)
    return {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def _text_of(error):
    try:
        return str(error)
    except Exception:  # A user's __str__ may raise; the type still tells something.
        return "<unprintable %s object>" % type(error).__name__


def import_fault(module_name, error):
    if isinstance(error, SyntaxError):
        line = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        return RuntimeFault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), [line])
    return RuntimeFault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))


def flush_output():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # The user closed or replaced it; then there is nothing to flush.
