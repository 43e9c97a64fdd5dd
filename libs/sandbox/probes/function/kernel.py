"""Capabilities, system calls, namespaces, other processes."""
import ctypes
import errno
import os
import resource
import signal
import socket
import struct

from probe import call, libc, passes, probe

CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE',
                'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT',
                'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE',
                'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ']


@probe('capabilities.any', 'holds or may regain any capability')
def any_capability(targets):
    status = dict(line.split(':\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\t' in line)
    for kind in ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']:
        bits = int(status.get(kind, '0'), 16)
        if bits:
            return '%s: %s' % (kind, ' '.join(name for bit, name in enumerate(CAPABILITIES) if bits >> bit & 1))
    return None


@probe('capabilities.new-privileges', 'may gain privileges by starting a program')
def new_privileges(targets):
    return None if libc.prctl(39, 0, 0, 0, 0) == 1 else 'no_new_privs is off'


@probe('capabilities.seccomp', 'runs without a system call filter')
def seccomp(targets):
    return None if 'Seccomp:\t2' in open('/proc/self/status').read() else 'no filter'


@probe('capabilities.root', 'is root')
def root(targets):
    return 'uid 0' if 0 in os.getresuid() + os.getresgid() or 0 in os.getgroups() else None


@probe('capabilities.setuid', 'becomes root')
def setuid(targets):
    os.setresuid(0, 0, 0)
    return 'uid 0'


@probe('capabilities.setgid', "joins root's group")
def setgid(targets):
    os.setgroups([0])
    return 'group 0'


@probe('capabilities.chown', 'gives files away')
def chown(targets):
    open('/tmp/probe-chown', 'w').close()
    os.chown('/tmp/probe-chown', 1, 1)
    os.unlink('/tmp/probe-chown')
    return 'given'


@probe('capabilities.read-all', 'reads files of any owner')
def read_all(targets):
    os.close(os.open('/etc/shadow', os.O_RDONLY))
    return 'read'


@probe('capabilities.nice', 'gives itself more than its share of the CPU')
def nice(targets):
    os.setpriority(os.PRIO_PROCESS, 0, -10)
    return 'priority -10'


@probe('limits.files', 'opens more files than the 1,024 of a function')
def files(targets):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard <= 1024 else 'up to %d' % hard


@probe('limits.processes', 'may make as many processes as the host has')
def processes(targets):
    for path in ['/sys/fs/cgroup/pids/pids.max', '/sys/fs/cgroup/pids.max']:
        if os.path.exists(path):
            return 'no limit' if open(path).read().strip() == 'max' else None
    if targets['cgroups_hidden']:
        return None
    return 'no limit'


def refused(name, what, syscall, *arguments):
    probe('syscalls.' + name, what)(lambda targets: passes(syscall, *arguments))


ZERO = ctypes.create_string_buffer(256)
refused('init-module', 'loads a kernel module', 'init_module', ZERO, 1, b'')
refused('finit-module', 'loads a kernel module from a file', 'finit_module', -1, b'', 0)
refused('delete-module', 'unloads a kernel module', 'delete_module', b'hearth_probe', 0)
refused('kexec', 'starts another kernel', 'kexec_load', 0, 99, None, 1 << 20)
refused('kexec-file', 'starts another kernel from a file', 'kexec_file_load', -1, -1, 0, b'', 0)
refused('reboot', 'restarts the host', 'reboot', 1, 2, 3, None)
refused('swapon', "adds to the host's swap", 'swapon', b'/nowhere', 0)
refused('acct', 'records what all processes do', 'acct', b'/nowhere')
refused('quotactl', "changes quotas", 'quotactl', 0, b'/nowhere', 0, None)
refused('syslog', "reads the kernel's log", 'syslog', 3, ZERO, 256)
refused('settimeofday', 'sets the clock', 'settimeofday', None, None)
refused('sethostname', "changes the host's name", 'sethostname', ZERO, 100)
refused('setdomainname', "changes the host's domain", 'setdomainname', ZERO, 100)
refused('iopl', 'uses I/O ports', 'iopl', 0)
refused('ioperm', 'uses some I/O ports', 'ioperm', 0x80, 1, 1)
refused('add-key', "puts keys in the kernel's keyrings, which no namespace divides", 'add_key', b'user', b'hearth-probe', b'x', 1, -1)
refused('keyctl', "reads the kernel's keyrings", 'keyctl', 0, -4, 0)
refused('request-key', 'asks for a key', 'request_key', b'user', b'hearth-probe', None, 0)
refused('bpf', 'loads a program into the kernel', 'bpf', 5, ZERO, 120)
refused('bpf-map', 'makes a BPF map', 'bpf', 0, ZERO, 72)
refused('perf', 'watches the processor', 'perf_event_open', ZERO, 0, -1, -1, 0)
refused('userfaultfd', 'handles page faults (a step of many exploits)', 'userfaultfd', 0)
refused('fanotify', "watches the host's files", 'fanotify_init', 0, 0)
refused('name-to-handle', 'asks for the handle of a file, to open another', 'name_to_handle_at', -100, b'/etc', ZERO, ctypes.byref(ctypes.c_int()), 0)
refused('io-uring', 'makes an io_uring, past the system call filter', 'io_uring_setup', 1, ZERO)
refused('open-by-handle', 'opens a file by its handle', 'open_by_handle_at', -1, ZERO, 0)
refused('lookup-dcookie', 'looks into the profiler', 'kcmp', os.getpid(), os.getppid(), 99, 0, 0)
refused('vhangup', 'hangs up the terminal', 'vhangup')
refused('move-pages', 'moves memory between nodes', 'move_pages', 0, 0, None, None, None, 0)


@probe('syscalls.adjtimex', "adjusts the clock")
def adjtimex(targets):
    class Timex(ctypes.Structure):
        _fields_ = [('modes', ctypes.c_uint), ('rest', ctypes.c_long * 30)]
    # ADJ_OFFSET_SINGLESHOT with offset 0
    return passes('adjtimex', ctypes.byref(Timex(0x8001)))


@probe('syscalls.personality', 'turns off address randomisation for what it starts')
def personality(targets):
    return passes('personality', 0x0040000)


# NEWTIME is not among them: it divides only clocks.
for flag, bit in {'mount': 0x20000, 'cgroup': 0x2000000, 'uts': 0x4000000, 'ipc': 0x8000000, 'user': 0x10000000, 'pid': 0x20000000, 'net': 0x40000000}.items():
    probe('namespaces.new-' + flag, 'makes a namespace of kind %s' % flag)(lambda targets, bit=bit: passes('unshare', bit))
    if flag not in ('user',):
        @probe('namespaces.user-and-' + flag, 'makes a user namespace and, as root in it, one of kind %s' % flag)
        def both(targets, bit=bit):
            return passes('unshare', 0x10000000 | bit)


@probe('namespaces.clone', 'starts a process in a new user namespace')
def clone_user(targets):
    # No stack, no memory of its own: like fork.
    number = 56 if os.uname().machine == 'x86_64' else 220
    ctypes.set_errno(0)
    child = libc.syscall(ctypes.c_long(number), ctypes.c_long(0x10000000 | signal.SIGCHLD), None, None, None, None)
    if child == 0:
        os._exit(0)
    if child < 0:
        raise OSError(ctypes.get_errno(), '')
    os.waitpid(child, 0)
    return 'a process in it ran'


@probe('namespaces.clone3', 'starts a process in a new user namespace by the new call')
def clone3_user(targets):
    arguments = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    child = call('clone3', arguments, 64)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return 'a process in it ran'


for kind in ['mnt', 'net', 'pid', 'ipc', 'uts', 'cgroup']:
    @probe('namespaces.enter-' + kind, "enters the host's namespace of kind %s" % kind)
    def enter(targets, kind=kind):
        refusal = ProcessLookupError(errno.ESRCH, '')
        for process in (1, targets['host_pid']):
            path = '/proc/%d/ns/%s' % (process, kind)
            try:
                if os.readlink(path) == targets['namespaces'][kind]:
                    return passes('setns', os.open(path, os.O_RDONLY), 0)
            except OSError as error:
                refusal = error
        raise refusal


def same(kind):
    @probe('namespaces.shares-' + kind, "runs in the host's namespace of kind %s" % kind)
    def attempt(targets):
        return kind if os.readlink('/proc/self/ns/' + kind) == targets['namespaces'][kind] else None


for kind in ['net', 'pid', 'ipc', 'uts']:
    same(kind)


def host_pid(targets):
    return targets['host_pid']


def is_host_process(targets):
    """The number may be that of a process of its own."""
    with open('/proc/%d/comm' % host_pid(targets)) as file:
        if file.read().strip() != targets['host_command']:
            raise ProcessLookupError(errno.ESRCH, 'not the host process')


@probe('processes.signal', "signals a process of the host's")
def signals(targets):
    is_host_process(targets)
    os.kill(host_pid(targets), 0)
    return 'signalled'


@probe('processes.memory', "reads the memory of a process of the host's")
def memory(targets):
    is_host_process(targets)
    local, remote = ctypes.create_string_buffer(8), int(open('/proc/%d/maps' % host_pid(targets)).readline().split('-')[0], 16)
    vector = struct.Struct('QQ')
    call('process_vm_readv', host_pid(targets), vector.pack(ctypes.addressof(local), 8), 1, vector.pack(remote, 8), 1, 0)
    return 'read'


@probe('processes.mem-file', "opens the memory file of a process of the host's")
def mem_file(targets):
    is_host_process(targets)
    os.close(os.open('/proc/%d/mem' % host_pid(targets), os.O_RDWR))
    return 'opened'


@probe('processes.root', "enters the file system of a process of the host's")
def root_of(targets):
    is_host_process(targets)
    return 'listed' if os.listdir('/proc/%d/root' % host_pid(targets)) else None


@probe('processes.descriptors', "lists the open files of a process of the host's")
def descriptors(targets):
    is_host_process(targets)
    return 'listed' if os.listdir('/proc/%d/fd' % host_pid(targets)) else None


@probe('processes.ptrace', "traces a process of the host's")
def ptrace(targets):
    is_host_process(targets)
    call('ptrace', 0x4206, host_pid(targets), 0, 0)  # PTRACE_SEIZE: does not stop it; the end of this process lets go of it.
    return 'traced'


@probe('processes.pidfd', "takes an open file of a process of the host's")
def pidfd(targets):
    is_host_process(targets)
    fd = call('pidfd_open', host_pid(targets), 0)
    call('pidfd_getfd', fd, 0, 0)
    return 'taken'


@probe('ipc.shared-memory', "attaches the host's System V shared memory")
def shared_memory(targets):
    segment = call('shmget', targets['shm_key'], 4, 0)
    return 'segment %d' % segment


@probe('ipc.dev-shm', "sees the host's /dev/shm")
def dev_shm(targets):
    return 'seen' if os.path.exists(targets['shm_file']) else None


def family(name, number, kind, protocol, what):
    @probe('sockets.family-' + name, what)
    def attempt(targets):
        socket.socket(number, kind, protocol).close()
        return 'opened'


family('raw', socket.AF_INET, socket.SOCK_RAW, 1, 'makes packets of any form')
family('packet', 17, socket.SOCK_RAW, 0x300, 'reads all packets of its network')
family('vsock', 40, socket.SOCK_STREAM, 0, 'talks to the hypervisor')
family('alg', 38, socket.SOCK_SEQPACKET, 0, "uses the kernel's cryptography (a source of escapes)")
