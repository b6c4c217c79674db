# SPDX-License-Identifier: Apache-2.0
"""The lab's own demands on the processes that it starts."""

import os
import resource

from toolbox import process

# What a shell does as the program that setpriv has become.
UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"'
# Open files, for this process and for those that it starts: a crowd of users
# has a connection each.
FILES = 8192


def with_parent(argv):
    """A command that ends when this process does, however it does.

    The kernel sends it SIGTERM.  It is the death of the *thread* that
    counts: start programs from the main one.

    :param argv: list of words
    :returns: list of words
    """
    # Between this process's fork and the kernel's being told there is a
    # moment in which nobody would hear of this process's death.
    return ['setpriv', '--pdeathsig', 'TERM',
            'sh', '-c', UNLESS_ORPHANED, str(os.getpid()),
            *(str(arg) for arg in argv)]


def start(name, argv, log, env=None):
    """Start a program that keeps running, and ends with this process.

    :returns: toolbox.process.Child
    """
    return process.Child(name, with_parent(argv), log, env, pipe=False)


def allow_files():
    """Let the lab have FILES open files, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def tail(path, lines=25):
    """The last lines of a log file, ready to be shown."""
    rows = process.tail(path, lines=lines).splitlines()
    return '\n'.join(['--- %s' % path] + ['    ' + row for row in rows])
