"""Device files, /proc and /sys."""
import glob
import os
import stat

from probe import opens, probe


def node(name, kind, major, minor, what):
    @probe('devices.mknod-' + name, what)
    def attempt(targets):
        path = '/tmp/probe-node'
        os.mknod(path, kind | 0o600, os.makedev(major, minor))
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            os.close(fd)
            return 'made and opened'
        except OSError as error:
            # No such device here, but the right to ask for it.
            return None if error.errno in (1, 13) else 'made it'
        finally:
            os.unlink(path)


node('disk', stat.S_IFBLK, 254, 0, "makes the host's disk")
node('loop', stat.S_IFBLK, 7, 0, 'makes a loop device')
node('mem', stat.S_IFCHR, 1, 1, 'makes /dev/mem')
node('kmsg', stat.S_IFCHR, 1, 11, 'makes /dev/kmsg')
node('fuse', stat.S_IFCHR, 10, 229, 'makes /dev/fuse')
node('tun', stat.S_IFCHR, 10, 200, 'makes /dev/net/tun')
node('console', stat.S_IFCHR, 5, 1, 'makes the console')


def device(name, what, *paths):
    @probe('devices.open-' + name, what)
    def attempt(targets):
        found = [path for pattern in paths for path in glob.glob(pattern)]
        if not found:
            return None
        return opens(found[0])


device('disk', "opens the host's disk", '/dev/vda*', '/dev/sda*', '/dev/nvme*', '/dev/xvda*')
device('loop-control', 'opens the control of loop devices', '/dev/loop-control')
device('loop', 'opens a loop device, on which /tmp of others lies', '/dev/loop[0-9]*')
device('kmsg', "opens the kernel's log", '/dev/kmsg')
device('fuse', 'opens /dev/fuse', '/dev/fuse')
device('tun', 'opens /dev/net/tun', '/dev/net/tun')
device('port', 'opens I/O ports or memory', '/dev/port', '/dev/mem')
device('vcs', 'opens a console', '/dev/vcs*', '/dev/tty0', '/dev/ttyS0')
device('hwrng', 'opens hardware devices', '/dev/hwrng', '/dev/rtc*', '/dev/watchdog*', '/dev/ptp*', '/dev/cpu_dma_latency')


def writable(name, what, *paths):
    @probe('proc.' + name, what)
    def attempt(targets):
        refusal = None
        for path in (path for pattern in paths for path in glob.glob(pattern)):
            try:
                return opens(path, os.O_WRONLY)
            except OSError as error:
                refusal = error
        if refusal:
            raise refusal
        return None


writable('core-pattern', 'sets the program that the kernel starts on a crash', '/proc/sys/kernel/core_pattern')
writable('modprobe', 'sets the program that loads modules', '/proc/sys/kernel/modprobe')
writable('hotplug', 'sets the program for device events', '/proc/sys/kernel/hotplug', '/sys/kernel/uevent_helper', '/proc/sys/kernel/poweroff_cmd')
writable('binfmt', 'registers an interpreter', '/proc/sys/fs/binfmt_misc/register', '/proc/sys/kernel/usermodehelper/bset')
writable('sysrq', 'asks for a restart by SysRq', '/proc/sysrq-trigger')
writable('sysrq-mask', 'allows SysRq', '/proc/sys/kernel/sysrq')
writable('overcommit', "changes the host's memory policy", '/proc/sys/vm/overcommit_memory')
writable('drop-caches', "drops the host's caches", '/proc/sys/vm/drop_caches')
writable('panic', 'sets what the kernel does in a panic', '/proc/sys/kernel/panic_on_oops', '/proc/sys/kernel/panic')
writable('aslr', 'turns address randomisation off', '/proc/sys/kernel/randomize_va_space')
writable('ptrace-scope', 'loosens the rules for debuggers', '/proc/sys/kernel/yama/ptrace_scope', '/proc/sys/kernel/perf_event_paranoid')
writable('ip-forward', 'makes its network a router', '/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv4/conf/all/forwarding')
writable('irq', 'moves interrupts', '/proc/irq/default_smp_affinity', '/proc/irq/*/smp_affinity')
writable('cgroup-limits', 'raises its own memory limit', '/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max')
writable('cgroup-cpu', 'raises its own CPU limit', '/sys/fs/cgroup/cpu/cpu.cfs_quota_us', '/sys/fs/cgroup/cpu.max')
writable('cgroup-procs', 'moves itself to another cgroup', '/sys/fs/cgroup/*/cgroup.procs', '/sys/fs/cgroup/cgroup.procs')
writable('cgroup-release', 'sets the release agent of a cgroup', '/sys/fs/cgroup/*/release_agent', '/sys/fs/cgroup/cgroup.subtree_control')
writable('cgroup-devices', 'allows itself devices', '/sys/fs/cgroup/devices/devices.allow', '/sys/fs/cgroup/cgroup.type', '/sys/fs/cgroup/cgroup.subtree_control')
writable('block-queue', "changes the host's disk", '/sys/block/*/queue/read_ahead_kb')
writable('module-parameters', "changes a kernel module's parameters", '/sys/module/*/parameters/*')
writable('uevent', 'sends device events', '/sys/block/*/uevent', '/sys/class/net/lo/uevent')
writable('hugepages', "takes the host's huge pages", '/sys/kernel/mm/transparent_hugepage/enabled', '/proc/sys/vm/nr_hugepages')
writable('ksm', 'has memory of others merged with its own', '/sys/kernel/mm/ksm/run', '/sys/kernel/mm/lru_gen/enabled')


def readable(name, path, what, enough=1):
    @probe('proc.' + name, what)
    def attempt(targets):
        with open(path, 'rb') as file:
            data = file.read(65536)
        return 'read %d bytes' % len(data) if len(data) >= enough else None


readable('kcore', '/proc/kcore', "reads the kernel's memory")
readable('timer-list', '/proc/timer_list', "reads the host's timers")
readable('kpagecount', '/proc/kpagecount', "reads the host's page counts")
readable('vmallocinfo', '/proc/vmallocinfo', "reads the kernel's address map")
readable('slabinfo', '/proc/slabinfo', "reads the kernel's caches")


@probe('proc.kallsyms', "reads the kernel's symbol addresses")
def kallsyms(targets):
    with open('/proc/kallsyms') as file:
        return 'addresses' if any(int(line.split()[0], 16) for line in file.readlines()[:200]) else None


@probe('proc.host-processes', "sees the host's processes")
def host_processes(targets):
    return next((path for path in glob.glob('/proc/[0-9]*/comm') if open(path).read().strip() == targets['host_command']), None)


@probe('proc.debugfs', 'reads debugfs or tracefs')
def debugfs(targets):
    return next(('listed ' + path for path in ['/sys/kernel/debug', '/sys/kernel/tracing', '/sys/kernel/security'] if os.path.isdir(path) and os.listdir(path)), None)


@probe('proc.firmware', "reads the machine's firmware tables")
def firmware(targets):
    return next(('read ' + path for path in glob.glob('/sys/firmware/*/*') + glob.glob('/sys/devices/virtual/dmi/id/product_uuid')), None)
