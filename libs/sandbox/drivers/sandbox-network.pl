# Gives sandboxes their network from outside, before anything runs in them: a virtual cable to the bridge, its filters, the name server's socket.
# Perl for the reasons of namespace-listener.pl; netlink instead of `ip`, which is not in every image and takes a process per step.
#
# Speaks the channel of Node's child processes: lines of JSON.
#   in:  {"id":7,"pid":4711,"do":"WORD;WORD ARGUMENT...;..."}   out: {"id":7}, with the UDP socket when `dns` was among the words, or {"id":7,"error":"..."}
#   cable NAME BRIDGE ADDRESS GATEWAY   eth0 with this one address, its other end a port of the bridge that reaches no other port
#   rule PRIORITY NETWORK/LENGTH main|no   which destinations are looked up in the routing table, and which are unreachable
#   filter DEVICE                       the rules before it once more, for packets that leave by the device; nothing but IPv4 and ARP
# Both, since each does what the other cannot: the routing rules answer at once, but a socket that is bound to a device is sent past them (the
# kernel takes what it finds no route for as being on the link). The filter sees every packet.
#   up DEVICE                           switches it on: not every runtime of the engine's does that with lo
#   bridge NAME                         whether it is there
#   dns                                 UDP socket on 127.0.0.1:53
# Without `pid` everything happens in a namespace that is made for it and goes at once: whether this machine can do it.
use strict;
use warnings;
use Config;
use Socket;

# setns, sendmsg, unshare, mount
my %CALLS = (x86_64 => [308, 46, 272, 165], aarch64 => [268, 211, 97, 40]);
my ($architecture) = $Config{archname} =~ /^([^-]+)/;
my $calls = $CALLS{$architecture} or die "no system call numbers for $architecture\n";
my ($SETNS, $SENDMSG, $UNSHARE, $MOUNT) = @$calls;
my ($CLONE_NEWNS, $CLONE_NEWNET, $SCM_RIGHTS) = (0x20000, 0x40000000, 1);
my ($NEWLINK, $NEWADDR, $NEWROUTE, $NEWRULE, $NEWQDISC, $NEWTFILTER) = (16, 20, 24, 32, 36, 44);
my ($REQUEST, $ACK, $EXCLUSIVE, $CREATE) = (1, 4, 0x200, 0x400);
my ($AF_NETLINK, $AF_BRIDGE, $INET, $INET6) = (16, 7, 2, 10);

open(my $channel, '+<&=', $ENV{NODE_CHANNEL_FD}) or die "no channel: $!\n";
open(my $home, '<', '/proc/self/ns/net') or die "no namespace: $!\n";
my $home_name = readlink '/proc/self/ns/net';
my @rules; # Of the request at hand: [priority, base, mask, pass]

# In a container /proc/sys is read-only; a mount of its own, seen by nobody else, is not.
if (!-w '/proc/sys/net/ipv4/conf/all/rp_filter' && syscall($UNSHARE, $CLONE_NEWNS) == 0) {
  my ($none, $root, $proc) = ("none\0", "/\0", "/proc\0");
  my $kind = "proc\0";
  syscall($MOUNT, $none, $root, $none, 0x44000, 0); # MS_PRIVATE | MS_REC
  syscall($MOUNT, $kind, $proc, $kind, 0, 0);
}

sub enter {
  my ($namespace) = @_;
  syscall($SETNS, fileno $namespace, $CLONE_NEWNET) == 0 or die "setns: $!\n";
}

sub attribute {
  my ($type, $data) = @_;
  my $text = pack('S S', 4 + length $data, $type) . $data;
  return $text . "\0" x (-length($text) & 3);
}

sub netlink {
  my ($what, $type, $flags, $body) = @_;
  socket(my $socket, $AF_NETLINK, SOCK_RAW, 0) or die "netlink: $!\n";
  my $message = pack('L S S L L', 16 + length $body, $type, $REQUEST | $ACK | $flags, 1, 0) . $body;
  defined(send($socket, $message, 0, pack('S x2 L L', $AF_NETLINK, 0, 0))) or die "$what: $!\n";
  defined(recv($socket, my $answer, 65536, 0)) or die "$what: $!\n";
  my $code = -unpack('l', substr($answer, 16, 4));
  return if $code == 0;
  $! = $code;
  die "$what: $!\n";
}

sub index_of {
  my ($device) = @_;
  socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
  my $request = pack('a16 x24', $device);
  ioctl($socket, 0x8933, $request) or return 0; # SIOCGIFINDEX
  return unpack('x16 l', $request);
}

sub link_head { return pack('C x S l L L', $_[0], 0, $_[1], $_[2], $_[2] ? 1 : 0) }

sub cable {
  my ($sandbox, $name, $bridge, $address, $gateway) = @_;
  my $port = port_of($bridge);
  my $peer = link_head(0, 0, 0) . attribute(3, "eth0\0") . attribute(28, pack('L', fileno $sandbox));
  my $kind = attribute(1, "veth\0") . attribute(2, attribute(1, $peer));
  netlink('cable', $NEWLINK, $CREATE | $EXCLUSIVE, link_head(0, 0, 1) . attribute(3, "$name\0") . attribute(10, pack('L', $port)) . attribute(18, $kind));
  # IFLA_PROTINFO, nested: IFLA_BRPORT_ISOLATED
  netlink('isolation of the port', $NEWLINK, 0, link_head($AF_BRIDGE, index_of($name), 0) . attribute(12 | 0x8000, attribute(33, pack('C', 1))));
  enter($sandbox);
  my $device = index_of('eth0');
  netlink('address', $NEWADDR, $CREATE, pack('C C C C L', $INET, 32, 0, 0, $device) . attribute(2, inet_aton($address)) . attribute(1, inet_aton($address)));
  filter('eth0');
  netlink('link', $NEWLINK, 0, link_head(0, $device, 1));
  # On-link: the gateway is a next hop and no destination.
  netlink('route', $NEWROUTE, $CREATE, pack('C8 L', $INET, 0, 0, 0, 254, 4, 0, 1, 4) . attribute(5, inet_aton($gateway)) . attribute(4, pack('L', $device)));
}

# Enters the namespace that has the bridge. @returns its index there
sub port_of {
  my ($bridge) = @_;
  # The bridge is where the engine is: here, or beside the container that this process is in.
  enter($home);
  my $port = index_of($bridge);
  for my $pid ($port ? () : (1, engines())) {
    open(my $host, '<', "/proc/$pid/ns/net") or next;
    enter($host);
    last if $port = index_of($bridge);
  }
  die "the bridge $bridge cannot be found\n" unless $port;
  return $port;
}

sub engines {
  my @found;
  for my $pid (map { m{/(\d+)$} } glob '/proc/[0-9]*') {
    open(my $name, '<', "/proc/$pid/comm") or next;
    push @found, $pid if (<$name> // '') eq "dockerd\n";
  }
  return @found;
}

sub rule {
  my ($priority, $destination, $where) = @_;
  my ($network, $length) = split m{/}, $destination;
  my $mask = $length ? (0xffffffff << (32 - $length)) & 0xffffffff : 0;
  push @rules, [$priority, unpack('N', inet_aton($network)), $mask, $where eq 'main'];
  my $action = $where eq 'main' ? 1 : 7; # FR_ACT_TO_TBL, FR_ACT_UNREACHABLE
  my $head = pack('C8 L', $INET, $length, 0, 0, $where eq 'main' ? 254 : 0, 0, 0, $action, 0);
  netlink('rule', $NEWRULE, $CREATE, $head . ($length ? attribute(1, inet_aton($network)) : '') . attribute(6, pack('L', $priority)));
}

sub write_setting {
  my ($path, $value) = @_;
  open(my $file, '>', "/proc/sys/net/$path") or return;
  syswrite($file, $value);
}

sub filter {
  my ($device) = @_;
  my $index = index_of($device) or die "there is no $device\n";
  # Answers to the gateway's ARP would be taken for spoofed: the rules have no way back to it.
  write_setting("ipv4/conf/$_/rp_filter", '0') for 'all', $device;
  write_setting("ipv6/conf/$device/disable_ipv6", '1');
  eval { netlink('rule for IPv6', $NEWRULE, $CREATE, pack('C8 L', $INET6, 0, 0, 0, 0, 0, 0, 7, 0) . attribute(6, pack('L', 1))); 1 } or $@ =~ /not supported|exists/i or die $@;
  my $clsact = pack('C x3 l L L L', 0, $index, 0xffff0000, 0xfffffff1, 0) . attribute(1, "clsact\0");
  netlink('queue', $NEWQDISC, $CREATE | $EXCLUSIVE, $clsact);
  # Classic BPF; offsets are from the Ethernet header on.
  my ($pass, $drop) = ([6, 0, 0, 0xffffffff], [6, 0, 0, 2]); # TC_ACT_UNSPEC, TC_ACT_SHOT
  my @program = ([0x28, 0, 0, 12], [0x15, 0, 1, 0x806], $pass, [0x15, 1, 0, 0x800], $drop); # kind of packet: ARP, IPv4, other
  push @program, [0x30, 0, 0, 0], [0x45, 0, 1, 1], $drop;                                  # to more than one machine
  push @program, [0x20, 0, 0, 30], [0x54, 0, 0, $$_[2]], [0x15, 0, 1, $$_[1]], $$_[3] ? $pass : $drop for sort { $$a[0] <=> $$b[0] } @rules;
  push @program, $pass;
  my $code = join '', map { pack('S C C L', @$_) } @program;
  my $options = attribute(4, pack('S', scalar @program)) . attribute(5, $code) . attribute(8, pack('L', 1));
  my $all = pack('C x3 l L L L', 0, $index, 0, 0xfffffff3, (1 << 16) | 0x0300) . attribute(1, "bpf\0") . attribute(2, $options);
  netlink('filter', $NEWTFILTER, $CREATE | $EXCLUSIVE, $all);
}

sub name_socket {
  socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
  bind($socket, sockaddr_in(53, INADDR_LOOPBACK)) or die "bind: $!\n";
  return $socket;
}

sub prepare {
  my ($pid, $words) = @_;
  my $sandbox;
  @rules = ();
  if ($pid) {
    my $path = "/proc/$pid/ns/net";
    open($sandbox, '<', $path) or die "$path: $!\n";
    # The process ended and its number was given to one of the host's.
    die "process $pid is not in a namespace of its own\n" if readlink($path) eq $home_name;
    enter($sandbox);
  } else {
    syscall($UNSHARE, $CLONE_NEWNET) == 0 or die "unshare: $!\n";
    open($sandbox, '<', '/proc/self/ns/net') or die "no namespace: $!\n";
    # A pair of its own stands in for cable and bridge.
    netlink('cable', $NEWLINK, $CREATE | $EXCLUSIVE, link_head(0, 0, 0) . attribute(3, "eth0\0") . attribute(18, attribute(1, "veth\0") . attribute(2, attribute(1, link_head(0, 0, 0)))));
  }
  my $socket;
  my $done = eval {
    for (split /;/, $words) {
      my ($verb, @arguments) = split / /;
      if ($verb eq 'cable') { cable($sandbox, @arguments) }
      elsif ($verb eq 'rule') { rule(@arguments) }
      elsif ($verb eq 'filter') { filter(@arguments) }
      elsif ($verb eq 'bridge') { port_of(@arguments); enter($sandbox) }
      elsif ($verb eq 'up') { netlink('link', $NEWLINK, 0, link_head(0, index_of($arguments[0]), 1)) }
      elsif ($verb eq 'dns') { $socket = name_socket() }
      else { die "what is $verb?\n" }
    }
    1;
  };
  my $complaint = $@;
  enter($home); # Or the namespace would outlive its sandbox.
  die $complaint unless $done;
  return $socket;
}

sub answer {
  my ($text, $socket) = @_;
  if (!$socket) {
    syswrite($channel, $text);
    return;
  }
  my $vector = pack('P Q', $text, length $text);
  my $control = pack('Q l l l x4', 20, SOL_SOCKET, $SCM_RIGHTS, fileno $socket);
  my $message = pack('Q L x4 P Q P Q l x4', 0, 0, $vector, 1, $control, length $control, 0);
  syscall($SENDMSG, fileno $channel, $message, 0) == length $text or die "sendmsg: $!\n";
}

my $buffer = '';
while (sysread($channel, $buffer, 65536, length $buffer)) {
  while ($buffer =~ s/^([^\n]*)\n//) {
    my ($id, $pid, $words) = $1 =~ /^\{"id":(\d+),"pid":(\d+),"do":"([^"\\]*)"\}$/ or next; # NODE_HANDLE_ACK
    next if eval {
      my $socket = prepare($pid, $words);
      answer($socket ? "{\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Socket\",\"dgramType\":\"udp4\",\"msg\":{\"id\":$id}}\n" : "{\"id\":$id}\n", $socket);
      1;
    };
    my $complaint = $@;
    chomp $complaint;
    $complaint =~ s/[^ -~]|["\\]/ /g;
    syswrite($channel, "{\"id\":$id,\"error\":\"$complaint\"}\n");
  }
}
