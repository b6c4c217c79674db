# SPDX-License-Identifier: Apache-2.0
"""Start a program, follow its log, end it by its process id."""

import os
import resource
import signal
import subprocess
import time

from lab import errors

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


class Process:
    """One child process with a log file.

    It gets a session of its own, so that Ctrl-C in the terminal reaches the
    lab alone and the lab ends its children in the order it wants.
    """

    def __init__(self, name, argv, log, env=None, cwd=None):
        self.name = name
        self.argv = argv
        self.log = str(log)
        self.env = env
        self.cwd = cwd
        self._popen = None

    @property
    def pid(self):
        return self._popen.pid if self._popen else None

    def start(self):
        with open(self.log, 'ab') as log:
            self._popen = subprocess.Popen(
                with_parent(self.argv), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env=self.env,
                cwd=self.cwd, start_new_session=True)
        return self

    def running(self):
        return self._popen is not None and self._popen.poll() is None

    def check(self):
        """:raises: errors.LabError when the process has ended."""
        if not self.running():
            code = self._popen.returncode if self._popen else None
            raise errors.LabError(
                '%s ended (exit code %s).\n%s'
                % (self.name, code, tail(self.log)))

    def stop(self, timeout=15):
        """Ask it to end, insist after `timeout` seconds."""
        if self._popen is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._popen.poll() is None:
                self._signal(number)
                try:
                    self._popen.wait(timeout)
                except subprocess.TimeoutExpired:
                    continue
        # What the process itself had started shares its process group and
        # may outlive it.
        self._signal(signal.SIGKILL, group=True)

    def _signal(self, number, group=False):
        try:
            if group:
                os.killpg(self._popen.pid, number)
            else:
                os.kill(self._popen.pid, number)
        except ProcessLookupError:
            pass


def allow_files():
    """Let the lab have FILES open files, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def tail(path, lines=25):
    """The last lines of a log file, ready to be shown."""
    try:
        with open(path, errors='replace') as log:
            rows = log.read().splitlines()[-lines:]
    except OSError as exc:
        rows = [str(exc)]
    return '\n'.join(['--- %s' % path] + ['    ' + row for row in rows])


def run(argv, timeout=600, **kwargs):
    """Run a program to its end and return what it printed.

    :raises: errors.LabError when it fails or takes longer than `timeout`
        seconds.
    """
    argv = [str(arg) for arg in argv]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=timeout, text=True,
            errors='replace', **kwargs)
    except FileNotFoundError:
        raise errors.LabError('%s: no such program.' % argv[0])
    except subprocess.TimeoutExpired:
        raise errors.LabError('%s took longer than %d s.'
                              % (' '.join(argv), timeout))
    if done.returncode:
        raise errors.LabError(
            '%s failed (exit code %d):\n%s'
            % (' '.join(argv), done.returncode, done.stdout[-3000:]))
    return done.stdout


def wait_for(what, probe, timeout, interval=0.5, check=None):
    """Call `probe` until it returns something true, and return that.

    :param what: completes the sentence "waited N s for …".
    :param timeout: seconds.
    :param check: called between two probes; raises when waiting is idle.
    :raises: errors.LabTimeout
    """
    start = time.monotonic()
    while True:
        found = probe()
        if found:
            return found
        if check:
            check()
        if time.monotonic() - start > timeout:
            raise errors.LabTimeout('Waited %d s for %s.' % (timeout, what))
        time.sleep(interval)
