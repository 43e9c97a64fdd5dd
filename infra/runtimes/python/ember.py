"""An ember: this process was started before anybody needed it and waits for the function it is to serve.

Then it takes that function's environment and becomes the runtime client. Nothing of a function has run here before, and the
process serves no second one. Exit status 1: another start of the runtime is wanted, or the worker is gone.
"""

import os
import sys
import time

from hearth_runtime.channel import Channel, WorkerGone
from hearth_runtime.serve import main

ASSIGN = 32


def wait():
    path = os.environ["_HEARTH_EMBER"]
    channel = Channel(path)
    try:
        kind, header, _ = channel.receive()
    except WorkerGone:
        sys.exit(1)
    channel.close()
    if kind != ASSIGN:
        sys.exit(1)
    for name in [name for name in os.environ if name.startswith("_HEARTH_")]:
        del os.environ[name]
    os.environ.update(header["environment"])
    time.tzset()
    # The code was mounted over what was here: the old directory is still this process's.
    os.chdir(os.environ.get("LAMBDA_TASK_ROOT", "/var/task"))


wait()
main()
