# Starts the shells of steps for a manager, which is large and would copy its page tables for each of them: `perl spawner.pl AREA`.
# See spawner.ts, which holds the other end.
#
# A request on standard input is its length in four bytes and its fields, with a zero byte between them: id, umask, directory, output,
# control group or nothing, number of words, the words, and the environment as NAME=VALUE. Answers on standard output are lines:
#   ready
#   started ID PID START    START is when, as the kernel counts
#   unable ID               nothing was started
#   refused ID WHY          what was started could not become the program, and ends
#   ended ID STATUS         STATUS is that of wait(2)
# It ends when the manager does, and what it has started goes on.
use strict;
use warnings;
use Fcntl qw(F_SETFL F_SETOWN O_ASYNC O_DIRECTORY O_NONBLOCK O_RDONLY);
use POSIX qw(:signal_h :sys_wait_h);

# Above the three that a child gets anew, so these are closed when it becomes a shell.
open my $requests, '<&', \*STDIN  or die "standard input: $!";
open my $answers,  '>&', \*STDOUT or die "standard output: $!";

# Linux's number of prctl(2), by machine; where it is not known, orphans of a step go to init. A perl of 32 bits has other numbers.
my %prctl_of = (x86_64 => 157, aarch64 => 167, riscv64 => 167, ppc64le => 171, s390x => 172);
my $has_64   = length(pack 'L!', 0) == 8;
my $prctl    = $has_64 ? $prctl_of{ (POSIX::uname())[4] } : undef;
use constant PR_SET_CHILD_SUBREAPER => 36;
# The same for all machines of 64 bits; an older kernel refuses it.
use constant {CLONE3 => 435, CLONE_INTO_CGROUP => 1 << 33};

my $manager = getppid;
my $buffer  = '';
my %id_of;

# Both kinds of news are signals, and both are let in only while nothing else is done: so none is missed between a look and the wait.
my $nothing = POSIX::SigSet->new;
sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGCHLD, SIGPOLL));
$SIG{CHLD} = $SIG{IO} = sub { };
fcntl $requests, F_SETOWN, $$ + 0                  or die "owner of standard input: $!";
fcntl $requests, F_SETFL,  O_NONBLOCK | O_ASYNC    or die "flags of standard input: $!";

answer('ready');
for (;;) {
    take_requests();
    report_ends();
    sigsuspend($nothing);
}

sub take_requests {
    my $read;
    while ($read = sysread $requests, $buffer, 65536, length $buffer) {
        while (length $buffer >= 4 and length $buffer >= 4 + (my $size = unpack 'N', $buffer)) {
            start(split /\0/, substr($buffer, 4, $size), -1);
            substr $buffer, 0, 4 + $size, '';
        }
    }
    # The manager has gone.
    exit 0 if defined $read;
}

sub start {
    my ($id, $umask, $directory, $output, $group, $count, @rest) = @_;
    my @words = splice @rest, 0, $count;
    take_environment(\@rest);
    # What a manager asked for that has died meanwhile is for the next one to decide.
    my $pid = getppid == $manager ? fork_into($group) : undef;
    if (!defined $pid) {
        answer('unable', $id);
    } elsif ($pid != 0) {
        $id_of{$pid} = $id;
        answer('started', $id, $pid, start_of($pid));
    } else {
        become($umask, $directory, $output, \@words);
        answer('refused', $id, $!);
        POSIX::_exit(127);
    }
}

# As fork. To be born in a control group is cheap; to be moved there stops the forks of the whole host for a moment.
sub fork_into {
    my ($group) = @_;
    if ($group ne '' and $has_64 and sysopen my $place, $group, O_RDONLY | O_DIRECTORY) {
        # No pointers, no stack of its own: a child as that of fork.
        my $how = pack 'Q11', CLONE_INTO_CGROUP, 0, 0, 0, SIGCHLD, 0, 0, 0, 0, 0, fileno $place;
        my $pid = syscall CLONE3, $how, length $how;
        return $pid if $pid >= 0;
    }
    my $pid = fork;
    if (defined $pid and $pid == 0 and $group ne '' and open my $processes, '>', "$group/cgroup.procs") {
        syswrite $processes, "$$\n";
    }
    return $pid;
}

# The next child inherits it. Tests of one run differ in a few variables, and setting one is dear.
sub take_environment {
    my %wanted = map { split /=/, $_, 2 } @{ $_[0] };
    delete @ENV{ grep { !exists $wanted{$_} } keys %ENV };
    while (my ($name, $value) = each %wanted) {
        $ENV{$name} = $value if !defined $ENV{$name} or $ENV{$name} ne $value;
    }
}

# Returns only when it cannot be done.
sub become {
    my ($umask, $directory, $output, $words) = @_;
    POSIX::setsid();
    umask $umask;
    chdir $directory                  or return;
    open STDIN,  '+<', '/dev/null'    or return;
    open STDOUT, '>>', $output        or return;
    open STDERR, '>&', \*STDOUT       or return;
    sigprocmask(SIG_SETMASK, $nothing);
    # What loses its parent gets this one: so a kill finds it among the descendants, whatever it did to get away.
    syscall $prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0 if defined $prctl;
    no warnings 'exec';
    exec { $words->[0] } @$words;
}

sub start_of {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/stat" or return '';
    my $stat = <$file>;
    return (split / /, substr $stat, 2 + rindex $stat, ')')[19];
}

sub report_ends {
    while ((my $pid = waitpid -1, WNOHANG) > 0) {
        answer('ended', delete $id_of{$pid}, $?);
    }
}

# One call a line: children that failed answer through the same socket.
sub answer {
    syswrite $answers, "@_\n";
}
