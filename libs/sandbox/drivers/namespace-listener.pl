# Opens sockets in other network namespaces, listening or connecting to 127.0.0.1 there, and hands them to the worker, for as long as the worker lives. Perl, because it is there
# wherever Debian is, enters a namespace without a program of ours to compile, and answers in under a millisecond where starting Node takes 70.
#
# Speaks the channel of Node's child processes: lines of JSON, a socket attached to the line {"cmd":"NODE_HANDLE"}.
#   in:  {"id":7,"pid":4711,"port":9001,"kind":"net.Server"}     out: {"id":7} with the socket, or {"id":7,"error":"..."}
#   kind: net.Server listens, net.Socket connects
use strict;
use warnings;
use Config;
use Errno qw(EINPROGRESS);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket;

# setns, sendmsg
my %CALLS = (x86_64 => [308, 46], aarch64 => [268, 211]);
my ($architecture) = $Config{archname} =~ /^([^-]+)/;
my $calls = $CALLS{$architecture} or die "no system call numbers for $architecture\n";
my ($SETNS, $SENDMSG) = @$calls;
my ($CLONE_NEWNET, $SCM_RIGHTS, $BACKLOG) = (0x40000000, 1, 128);

open(my $channel, '+<&=', $ENV{NODE_CHANNEL_FD}) or die "no channel: $!\n";
open(my $home, '<', '/proc/self/ns/net') or die "no namespace: $!\n";
my $home_name = readlink '/proc/self/ns/net';

sub enter {
  my ($namespace) = @_;
  syscall($SETNS, fileno $namespace, $CLONE_NEWNET) == 0 or die "setns: $!\n";
}

sub listening {
  my ($socket, $port) = @_;
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, pack('l', 1)) or die "setsockopt: $!\n";
  bind($socket, sockaddr_in($port, INADDR_LOOPBACK)) or die "bind: $!\n";
  listen($socket, $BACKLOG) or die "listen: $!\n";
}

# Never waits: a receiver that accepts nothing must not hold up other sandboxes.
sub connecting {
  my ($socket, $port) = @_;
  fcntl($socket, F_SETFL, O_NONBLOCK) or die "fcntl: $!\n";
  connect($socket, sockaddr_in($port, INADDR_LOOPBACK)) or $!{EINPROGRESS} or die "connect: $!\n";
}

sub opened {
  my ($pid, $port, $kind) = @_;
  my $path = "/proc/$pid/ns/net";
  open(my $namespace, '<', $path) or die "$path: $!\n";
  # The process ended and its number was given to one of the host's: nothing may be opened there.
  die "process $pid is not in a namespace of its own\n" if readlink($path) eq $home_name;
  enter($namespace);
  my $opened = eval {
    socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
    if ($kind eq 'net.Server') { listening($socket, $port) } else { connecting($socket, $port) }
    $socket;
  };
  my $complaint = $@;
  enter($home); # Or the namespace would outlive its sandbox.
  die $complaint unless $opened;
  return $opened;
}

sub send_socket {
  my ($text, $socket) = @_;
  my $vector = pack('P Q', $text, length $text);
  my $control = pack('Q l l l x4', 20, SOL_SOCKET, $SCM_RIGHTS, fileno $socket);
  my $message = pack('Q L x4 P Q P Q l x4', 0, 0, $vector, 1, $control, length $control, 0);
  syscall($SENDMSG, fileno $channel, $message, 0) == length $text or die "sendmsg: $!\n";
}

my $buffer = '';
while (sysread($channel, $buffer, 65536, length $buffer)) {
  while ($buffer =~ s/^([^\n]*)\n//) {
    my ($id, $pid, $port, $kind) = $1 =~ /^\{"id":(\d+),"pid":(\d+),"port":(\d+),"kind":"(net\.\w+)"\}$/ or next; # NODE_HANDLE_ACK
    next if eval {
      send_socket("{\"cmd\":\"NODE_HANDLE\",\"type\":\"$kind\",\"msg\":{\"id\":$id}}\n", opened($pid, $port, $kind));
      1;
    };
    my $complaint = $@;
    chomp $complaint;
    $complaint =~ s/[^ -~]|["\\]/ /g;
    syswrite($channel, "{\"id\":$id,\"error\":\"$complaint\"}\n");
  }
}
