"""Files and mounts of the host and of the platform."""
import ctypes
import glob
import os
import socket
import stat

from probe import libc, opens, passes, probe

# Where the positive control has the host's root; inside a sandbox these ways must lead nowhere.
ROOTS = ['', '/host', '/proc/1/root']


def read_any(path):
    for root in ROOTS:
        try:
            with open(root + path, 'rb') as file:
                return 'read %d bytes of %s%s' % (len(file.read(4096)), root, path)
        except OSError as error:
            refusal = error
    raise refusal


def list_any(path):
    for root in ROOTS:
        try:
            entries = os.listdir(root + path)
            if entries:
                return 'listed %s%s: %s' % (root, path, entries[0])
            refusal = FileNotFoundError(2, 'empty')
        except OSError as error:
            refusal = error
    raise refusal


def host_file(name, key, what):
    probe('files.' + name, what)(lambda targets: read_any(targets[key]))


def host_folder(name, path, what):
    probe('files.' + name, what)(lambda targets: list_any(path))


host_file('canary', 'canary_file', "reads a file of the host's")
host_file('master-key', 'master_key_file', "reads the platform's master key")
host_file('admin-key', 'admin_key_file', "reads the administrator's credentials")
host_file('other-code', 'other_code_file', "reads another function's code where the worker keeps it")
host_file('engine-config', 'container_config_file', 'reads the configuration of a container where the engine keeps it')
host_folder('docker-root', '/var/lib/docker', "lists the engine's folder")
host_folder('docker-run', '/run/docker', "lists the engine's run-time folder")
host_folder('containerd', '/run/docker/containerd', "lists containerd's folder")


@probe('files.state-dir', 'lists the state directory')
def state_dir(targets):
    return list_any(targets['state_dir'])


@probe('files.control-dir', "lists the other sandboxes' directories")
def control_dir(targets):
    return list_any(targets['control_dir'])


@probe('files.shadow', 'reads the password file')
def shadow(targets):
    return opens('/etc/shadow')


@probe('files.root-home', "lists root's home")
def root_home(targets):
    return 'listed' if os.listdir('/root') is not None else None


@probe('files.setuid-gain', 'gains root by a setuid program')
def setuid_gain(targets):
    for path in ['/bin/su', '/usr/bin/passwd', '/bin/mount', '/usr/bin/newgrp', '/usr/bin/chsh']:
        if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID and nothing_new() is False:
            return path + ' is setuid and may change who runs it'
    return None


def nothing_new():
    return libc.prctl(39, 0, 0, 0, 0) == 1  # PR_GET_NO_NEW_PRIVS


@probe('files.tmp-setuid', 'has /tmp mounted so that setuid programs count')
def tmp_setuid(targets):
    return None if os.statvfs('/tmp').f_flag & os.ST_NOSUID else 'no nosuid on /tmp'


@probe('files.tmp-device', 'has /tmp mounted so that device files count')
def tmp_device(targets):
    return None if os.statvfs('/tmp').f_flag & os.ST_NODEV else 'no nodev on /tmp'


def writes(name, path, what):
    @probe('files.write-' + name, what)
    def attempt(targets):
        if os.path.isdir(path):
            file = os.path.join(path, 'hearth-probe')
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))
            os.unlink(file)
            return 'made a file in ' + path
        return opens(path, os.O_WRONLY)


writes('etc', '/etc', "writes to the image's /etc")
writes('passwd', '/etc/passwd', 'writes to the user table')
writes('usr', '/usr/bin', 'adds a program')
writes('root', '/', "writes to the root folder")
writes('code', '/var/task', "changes the function's code, which later sandboxes share")
writes('layers', '/opt', 'changes layers, which other functions share')
writes('launcher', '/run/hearth-launch.sh', 'changes the launcher of all sandboxes')
writes('control', '/run/hearth', "writes to the worker's directory")
writes('runtime', '/var/runtime', "changes the runtime's client")
writes('resolv', '/etc/resolv.conf', 'changes the name servers')
writes('hosts', '/etc/hosts', 'changes the host table')
writes('hostname', '/etc/hostname', 'changes the host name file')


def mounts(name, what, *arguments):
    @probe('mounts.' + name, what)
    def attempt(targets):
        os.makedirs('/tmp/probe-mount', exist_ok=True)
        evidence = passes('mount', *arguments)
        libc.umount2(b'/tmp/probe-mount', 2)
        return evidence


POINT = b'/tmp/probe-mount'
MS_BIND, MS_REMOUNT, MS_MOVE, MS_PRIVATE = 4096, 32, 8192, 1 << 18
mounts('tmpfs', 'mounts a tmpfs', b'none', POINT, b'tmpfs', 0, 0)
mounts('proc', 'mounts a fresh /proc without its masks', b'proc', POINT, b'proc', 0, 0)
mounts('sysfs', 'mounts a fresh, writable /sys', b'sysfs', POINT, b'sysfs', 0, 0)
mounts('cgroup', 'mounts a cgroup hierarchy (release_agent)', b'cgroup', POINT, b'cgroup', 0, b'memory')
mounts('devpts', 'mounts a devpts', b'devpts', POINT, b'devpts', 0, 0)
mounts('mqueue', 'mounts the message queues', b'mqueue', POINT, b'mqueue', 0, 0)
mounts('overlay', 'mounts an overlay', b'overlay', POINT, b'overlay', 0, b'lowerdir=/usr:/etc')
mounts('bind', 'mounts a folder elsewhere', b'/etc', POINT, None, MS_BIND, None)
mounts('remount-root', 'makes the root file system writable', None, b'/', None, MS_REMOUNT | MS_BIND, None)
mounts('private', 'changes how mounts propagate', None, b'/', None, MS_PRIVATE, None)


@probe('mounts.umount', 'takes a mask off')
def unmount(targets):
    return passes('umount2', b'/proc/kcore', 0)


@probe('mounts.pivot-root', 'changes the root mount')
def pivot_root(targets):
    return passes('pivot_root', b'/nowhere', b'/nowhere')


@probe('mounts.chroot', 'changes its root')
def chroot(targets):
    return passes('chroot', b'/usr')


@probe('mounts.fsopen', 'makes a mount by the new calls')
def fsopen(targets):
    return passes('fsopen', b'tmpfs', 0)


@probe('mounts.fspick', 'reconfigures a mount by the new calls')
def fspick(targets):
    return passes('fspick', -100, b'/proc', 0)


@probe('mounts.open-tree', 'clones a mount by the new calls')
def open_tree(targets):
    return passes('open_tree', -100, b'/etc', 1)


@probe('mounts.mount-setattr', 'takes read-only off a mount by the new calls')
def mount_setattr(targets):
    attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    return passes('mount_setattr', -100, b'/nowhere-at-all', 0, attributes, 32)


@probe('mounts.file-handle', 'opens files by handle, past every mount')
def file_handle(targets):
    class Handle(ctypes.Structure):
        _fields_ = [('bytes', ctypes.c_uint), ('type', ctypes.c_int), ('data', ctypes.c_ubyte * 128)]
    directory = os.open('/etc/hostname', os.O_RDONLY)
    return passes('open_by_handle_at', directory, ctypes.byref(Handle(8, 1)), 0)


def unix_socket(name, path_of, what):
    @probe('sockets.' + name, what)
    def attempt(targets):
        for root in ROOTS:
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(3)
                    client.connect(root + path_of(targets))
                    return 'connected to %s%s' % (root, path_of(targets))
            except OSError as error:
                refusal = error
        raise refusal


unix_socket('engine', lambda targets: '/var/run/docker.sock', "talks to the engine's socket")
unix_socket('containerd', lambda targets: '/run/docker/containerd/containerd.sock', "talks to containerd's socket")
unix_socket('host', lambda targets: targets['unix_socket'], "talks to a unix socket of the host's")
unix_socket('abstract', lambda targets: '\0' + targets['abstract_socket'], "talks to an abstract unix socket of the host's")


@probe('sockets.abstract-list', "sees the host's unix sockets")
def abstract_list(targets):
    return 'seen' if targets['abstract_socket'] in open('/proc/net/unix').read() else None


@probe('sockets.other-runtime', "talks to another sandbox's runtime channel")
def other_runtime(targets):
    for root in ROOTS:
        for path in glob.glob(root + targets['control_dir'] + '/*/*/runtime.sock'):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                return 'connected to ' + path
    return None


@probe('sockets.other-log', "writes to another sandbox's log")
def other_log(targets):
    for root in ROOTS:
        for path in glob.glob(root + targets['control_dir'] + '/*/*/log'):
            return opens(path, os.O_RDWR)
    return None

