# Mounts directories into other mount namespaces, for as long as the worker lives. Perl for the same reasons as in namespace-listener.pl.
# A mount is cloned, made read-only where asked, and only then attached: nobody ever sees it writable (mount_setattr: Linux 5.12).
#
# Lines both ways; paths in hex:
#   in:  ID PID NAMESPACE FLAGS:SOURCE:TARGET ...     out: ID ok | ID error TEXT
#   FLAGS: ro or rw, and + for a target whose present mount is taken off first; without a SOURCE nothing else happens. NAMESPACE is what /proc/PID/ns/mnt must be.
use strict;
use warnings;
use Config;

# setns, umount2; the others have the same number everywhere.
my %CALLS = (x86_64 => [308, 166], aarch64 => [268, 39]);
my ($architecture) = $Config{archname} =~ /^([^-]+)/;
my $calls = $CALLS{$architecture} or die "no system call numbers for $architecture\n";
my ($SETNS, $UMOUNT) = @$calls;
my ($OPEN_TREE, $MOVE_MOUNT, $MOUNT_SETATTR) = (428, 429, 442);
my ($AT_FDCWD, $AT_EMPTY_PATH, $OPEN_TREE_CLONE, $CLOEXEC, $MOVE_MOUNT_F_EMPTY_PATH) = (-100, 0x1000, 1, 0x80000, 4);
my ($RDONLY, $NOSUID, $NODEV, $MS_PRIVATE, $MNT_DETACH, $CLONE_NEWNS) = (1, 2, 4, 1 << 18, 2, 0x20000);

open(my $home, '<', '/proc/self/ns/mnt') or die "no namespace: $!\n";
my $home_name = readlink '/proc/self/ns/mnt';
$| = 1;

sub enter {
  my ($namespace) = @_;
  syscall($SETNS, fileno $namespace, $CLONE_NEWNS) == 0 or die "setns: $!\n";
}

# A detached clone of what is mounted at a path, nothing below it.
sub clone_of {
  my ($source, $flags) = @_;
  my $descriptor = syscall($OPEN_TREE, $AT_FDCWD, $source, $OPEN_TREE_CLONE | $CLOEXEC);
  die "open_tree $source: $!\n" if $descriptor < 0;
  open(my $tree, '<&=', $descriptor) or die "open_tree: $!\n";
  my $attributes = pack('Q4', $NOSUID | $NODEV | ($flags =~ /ro/ ? $RDONLY : 0), 0, $MS_PRIVATE, 0);
  my $empty = '';
  syscall($MOUNT_SETATTR, $descriptor, $empty, $AT_EMPTY_PATH, $attributes, length $attributes) == 0 or die "mount_setattr: $!\n";
  return $tree;
}

sub mount_into {
  my ($pid, $expected, @orders) = @_;
  my $path = "/proc/$pid/ns/mnt";
  open(my $namespace, '<', $path) or die "$path: $!\n";
  # The process ended and its number was given to another one: nothing may be mounted there.
  my $name = readlink '/proc/self/fd/' . fileno $namespace;
  die "process $pid is not in the namespace it was in\n" if $name ne $expected || $name eq $home_name;
  my @trees = map { { tree => $_->{source} eq '' ? undef : clone_of($_->{source}, $_->{flags}), %$_ } } @orders;
  enter($namespace);
  my $done = eval {
    for my $order (@trees) {
      if ($order->{flags} =~ /\+/) { syscall($UMOUNT, $order->{target}, $MNT_DETACH) == 0 or die "umount $order->{target}: $!\n" }
      next unless $order->{tree};
      my $empty = '';
      syscall($MOVE_MOUNT, fileno $order->{tree}, $empty, $AT_FDCWD, $order->{target}, $MOVE_MOUNT_F_EMPTY_PATH) == 0 or die "move_mount $order->{target}: $!\n";
    }
    1;
  };
  my $complaint = $@;
  enter($home);
  die $complaint unless $done;
}

while (my $line = <STDIN>) {
  chomp $line;
  my ($id, $pid, $namespace, @orders) = split / /, $line;
  next if eval {
    mount_into($pid, $namespace, map { my ($flags, $source, $target) = split /:/; { flags => $flags, source => pack('H*', $source), target => pack('H*', $target) } } @orders);
    print "$id ok\n";
    1;
  };
  my $complaint = $@;
  $complaint =~ s/[^ -~]/ /g;
  print "$id error $complaint\n";
}
