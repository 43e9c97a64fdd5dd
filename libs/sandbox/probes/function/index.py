"""All probes as one function, and as a program for the positive controls: `python3 index.py TARGETS`."""
import json
import sys

import devices  # noqa: F401
import files  # noqa: F401
import kernel  # noqa: F401
import network  # noqa: F401
import secrets_of_others  # noqa: F401
from probe import PROBES, run_all


def handler(event, context):
    if event.get('do') == 'hold':
        return hold(event)
    return {'what': {name: what for name, (what, _) in PROBES.items()}, 'results': run_all(event['targets'], event.get('names'))}


held = []


def hold(event):
    """Plays the victim: a neighbour with a secret in its environment, its memory and its /tmp, and a server on every address it has."""
    import os
    import socket
    with open('/tmp/secret', 'w') as file:
        file.write(os.environ['SECRET'])
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('0.0.0.0', event['port']))
    server.listen(8)
    held.append(server)
    return os.popen('hostname -I').read().split()


if __name__ == '__main__':
    print(json.dumps(handler(json.loads(sys.argv[1]), None)))
