"""Secrets of other functions and of the platform: in environments, memory, dumps, directories, what the engine tells."""
import glob
import http.client
import os
import resource
import socket

from files import ROOTS
from probe import probe


def found(data, targets):
    return targets['canary'].encode() in data


@probe('secrets.environments', "finds another function's secret in the environment of a process")
def environments(targets):
    for path in glob.glob('/proc/[0-9]*/environ'):
        try:
            with open(path, 'rb') as file:
                if found(file.read(), targets):
                    return path
        except OSError:
            continue
    return None


@probe('secrets.command-lines', "sees the command lines of the host's processes")
def command_lines(targets):
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            with open(path, 'rb') as file:
                if targets['host_argument'].encode() in file.read():
                    return path
        except OSError:
            continue
    return None


@probe('secrets.platform-environment', "reads the platform's own environment")
def platform_environment(targets):
    with open('/proc/%d/comm' % targets['host_pid']) as file:
        if file.read().strip() != targets['host_command']:
            return None
    with open('/proc/%d/environ' % targets['host_pid'], 'rb') as file:
        return 'read' if file.read() else None


@probe('secrets.own-file', 'finds the file of its own environment after init, where other code could read it')
def own_file(targets):
    return next(('%s is there' % path for path in ['/run/hearth/env', targets['control_file']] if os.path.exists(path)), None)


@probe('secrets.tmp-of-others', "reads another function's /tmp")
def tmp_of_others(targets):
    for path in ['/tmp/secret'] + [path for root in ROOTS for path in glob.glob(root + targets['state_dir'] + '/sandboxes/scratch/*/*/secret')] + glob.glob('/proc/[0-9]*/root/tmp/secret'):
        try:
            with open(path, 'rb') as file:
                if found(file.read(), targets):
                    return path
        except OSError:
            continue
    return None


@probe('secrets.open-files', "reads another function's open files")
def open_files(targets):
    for path in glob.glob('/proc/[0-9]*/fd/[0-9]*'):
        try:
            if os.readlink(path).endswith(targets['canary_file']):
                return path
        except OSError:
            continue
    return None


@probe('secrets.core-dump', 'has its memory written to a file when it crashes')
def core_dump(targets):
    return None if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else 'core dumps are on'


def engine(path):
    """GET of the engine's API"""
    refusal = FileNotFoundError(2, 'no engine')
    for root in ROOTS:
        try:
            connection = http.client.HTTPConnection('engine')
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(5)
            connection.sock.connect(root + '/var/run/docker.sock')
            connection.request('GET', path)
            return connection.getresponse().read()
        except OSError as error:
            refusal = error
    raise refusal


@probe('secrets.engine-inspect', 'asks the engine about other containers')
def engine_inspect(targets):
    return 'answered' if targets['neighbour_id'].encode() in engine('/containers/%s/json' % targets['neighbour_id']) else None


@probe('secrets.engine-logs', "asks the engine for other containers' output")
def engine_logs(targets):
    return 'answered' if engine('/containers/%s/logs?stdout=1' % targets['neighbour_id']) else None


@probe('secrets.engine-create', 'has the engine make containers')
def engine_create(targets):
    return 'answered' if b'ApiVersion' in engine('/version') else None


@probe('secrets.log-fifo', "reads its own log pipe, which the worker reads")
def log_fifo(targets):
    # Its own log it may write, but not those of others: their pipes are not there.
    return next(('%s is there' % path for root in ROOTS for path in glob.glob(root + targets['control_dir'] + '/*/*/log')), None)


@probe('secrets.disk-of-host', "reads the host's disks, /tmp of others among them")
def disk_of_host(targets):
    refusal = None
    for path in glob.glob('/dev/vd*') + glob.glob('/dev/sd*') + glob.glob('/dev/nvme*n*') + glob.glob('/dev/loop[0-9]*'):
        try:
            with open(path, 'rb') as file:
                return '%s: %d bytes' % (path, len(file.read(512)))
        except OSError as error:
            refusal = error
    if refusal:
        raise refusal
    return None
