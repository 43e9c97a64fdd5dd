"""What a probe is, and how all of them are run: each in a process of its own, so that none disturbs the next.

A probe tries one thing that no sandbox may do. It returns evidence (a string) when it got through, None when there was nothing to get, and
raises when it was refused. What it tries is harmless even where it succeeds: the positive controls run it with every right there is.
"""
import ctypes
import errno
import os
import platform
import signal
import traceback

DEADLINE_S = 40
PROBES = {}
libc = ctypes.CDLL(None, use_errno=True)

# x86_64, aarch64
CALLS = {
    'mount': (165, 40), 'umount2': (166, 39), 'pivot_root': (155, 41), 'chroot': (161, 51), 'swapon': (167, 224), 'reboot': (169, 142),
    'sethostname': (170, 161), 'setdomainname': (171, 162), 'iopl': (172, None), 'ioperm': (173, None), 'init_module': (175, 105),
    'delete_module': (176, 106), 'quotactl': (179, 60), 'kexec_load': (246, 104), 'acct': (163, 89), 'syslog': (103, 116),
    'settimeofday': (164, 170), 'clock_settime': (227, 112), 'adjtimex': (159, 171), 'add_key': (248, 217), 'keyctl': (250, 219),
    'request_key': (249, 218), 'unshare': (272, 97), 'setns': (308, 268), 'perf_event_open': (298, 241), 'bpf': (321, 280),
    'userfaultfd': (323, 282), 'process_vm_readv': (310, 270), 'process_vm_writev': (311, 271), 'ptrace': (101, 117), 'kcmp': (312, 272),
    'fanotify_init': (300, 262), 'open_by_handle_at': (304, 265), 'name_to_handle_at': (303, 264), 'pidfd_open': (434, 434),
    'pidfd_getfd': (438, 438), 'io_uring_setup': (425, 425), 'open_tree': (428, 428), 'fsopen': (430, 430), 'move_mount': (429, 429),
    'fspick': (433, 433), 'mount_setattr': (442, 442), 'shmget': (29, 194), 'shmat': (30, 196), 'lookup_dcookie': (212, 18),
    'clone3': (435, 435), 'personality': (135, 92), 'vhangup': (153, 58), 'memfd_secret': (447, 447), 'finit_module': (313, 273),
    'landlock_create_ruleset': (444, 444), 'mq_open': (240, 180), 'capset': (126, 91), 'setpriority': (141, 140), 'sched_setscheduler': (144, 119),
    'move_pages': (279, 239), 'set_mempolicy': (238, 237), 'quotactl_fd': (443, 443), 'kexec_file_load': (320, 294), 'socket': (41, 198),
}
DENIED = {errno.EPERM, errno.EACCES, errno.ENOSYS}


def probe(name, what):
    """Enters a function in the catalogue. @param name unique, `area.thing`"""
    def enter(function):
        assert name not in PROBES, name
        PROBES[name] = (what, function)
        return function
    return enter


def call(name, *arguments):
    """A system call by its number. @returns its result @raises OSError"""
    number = CALLS[name][0 if platform.machine() == 'x86_64' else 1]
    if number is None:
        raise OSError(errno.ENOSYS, 'not on this architecture')
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def passes(name, *arguments, denied=DENIED):
    """The kernel checks the right before the arguments: a complaint about these is evidence that the right is there."""
    try:
        return '%s = %d' % (name, call(name, *arguments))
    except OSError as error:
        if error.errno in denied:
            raise
        return '%s got as far as %s' % (name, errno.errorcode.get(error.errno, error.errno))


def opens(path, flags=os.O_RDONLY):
    fd = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)
    os.close(fd)
    return 'opened ' + path


def run_all(targets, names=None):
    """@returns {name: {"evidence": str} or {"refused": str}}"""
    return {name: run(function, targets) for name, (_, function) in PROBES.items() if names is None or name in names}


def run(function, targets):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setpgid(0, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(DEADLINE_S)
        try:
            evidence = function(targets)
            answer = 'E' + evidence if evidence else 'Rnothing there'
        except OSError as error:
            answer = 'R' + errno.errorcode.get(error.errno, str(error))
        except BaseException:  # A defect of the probe: it must not pass for a refusal.
            answer = 'X' + traceback.format_exc()
        os.write(writer, answer.encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, 'rb') as pipe:
        answer = pipe.read().decode(errors='replace')
    _, status = os.waitpid(child, 0)
    if not answer:
        # Not seen to be refused within its time.
        return {'defect' if status & 127 == signal.SIGALRM else 'refused': 'ended by signal %d' % (status & 127)}
    kind = {'E': 'evidence', 'R': 'refused', 'X': 'defect'}[answer[0]]
    return {kind: answer[1:]}


