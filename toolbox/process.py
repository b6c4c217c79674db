# SPDX-License-Identifier: Apache-2.0
"""Processes that keep running: started, watched and ended one by one."""

import os
import signal
import subprocess
import threading

from toolbox import commands
from toolbox import errors

#: Seconds for an orderly end, before a process is killed.
GRACE = 10
TAIL_BYTES = 65536


def tail(path, begin=0, lines=15):
    """The last lines of a log file.

    :param path: a path
    :param begin: where in the file to begin, in bytes
    :param lines: how many
    :returns: str; the error's text when the file cannot be read
    """
    try:
        with open(path, 'rb') as source:
            end = source.seek(0, os.SEEK_END)
            source.seek(max(begin, end - TAIL_BYTES))
            content = source.read().decode(errors='replace')
    except OSError as error:
        return str(error)
    return '\n'.join(content.splitlines()[-lines:])


class Child:
    """One process with its log file, which runs from now on.

    Its standard input is a pipe whose other end only this process holds.
    The services of the cloud end themselves when it closes, so nothing stays
    behind even when this process is killed.

    :param name: for messages
    :param command: list of words
    :param log: file for its output, a path
    :param env: its environment; default :func:`commands.environment`
    :param pipe: False for a program that must have no standard input
    """

    def __init__(self, name, command, log, env=None, pipe=True):
        self.name = name
        self.log = log
        self._asked = False
        self._ended = False
        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, 'ab') as output:
            # Logs can hold what a service was asked to do with secrets.
            os.fchmod(output.fileno(), 0o600)
            self.begin = output.seek(0, os.SEEK_END)
            # A session of its own: Ctrl-C in the terminal is for this
            # process, which ends the others in order.
            self._popen = subprocess.Popen(
                [str(word) for word in command],
                env=commands.environment() if env is None else env,
                stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True)

    @property
    def pid(self):
        """Its process id."""
        return self._popen.pid

    @property
    def status(self):
        """The exit status, None while it runs."""
        return self._popen.poll()

    def check(self):
        """Do nothing as long as it runs.

        :raises: Failure with the end of its log
        """
        if self.status is not None:
            raise errors.Failure(
                '%s ended with status %d. The last lines of %s:\n%s'
                % (self.name, self.status, self.log, self.tail()))

    def wait(self, timeout):
        """Wait for its end.

        :param timeout: seconds
        :returns: exit status, None when it still runs
        """
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def ask_to_end(self):
        """Ask it to end, without waiting; later calls change nothing."""
        if not self._asked and self.status is None:
            self._popen.send_signal(signal.SIGTERM)
        self._asked = True

    def stop(self):
        """Ask it to end, insist after GRACE seconds; safe to call again."""
        if self._ended:
            return
        self._ended = True
        self.ask_to_end()
        if self.wait(GRACE) is None:
            self._popen.kill()
            self.wait(GRACE)
        # What it had started itself shares its process group and may
        # outlive it.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if self._popen.stdin:
            self._popen.stdin.close()

    def tail(self, lines=15):
        """The last lines that it wrote to its log.

        :param lines: how many
        :returns: str
        """
        return tail(self.log, self.begin, lines)


class Group:
    """Several processes, none of which outlives the ``with`` block."""

    def __init__(self):
        self._lock = threading.Lock()
        self._children = []
        self._stopped = False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def start(self, name, command, log, env=None):
        """Start a process that keeps running; parameters as for Child.

        :returns: Child
        :raises: Failure when the group has been stopped
        """
        with self._lock:
            if self._stopped:
                raise errors.Failure('Stopped before %s began.' % name)
            child = Child(name, command, log, env)
            self._children.append(child)
        return child

    def run(self, name, command, log, env=None, timeout=600):
        """Run a process to its end; stopping the group ends it, too.

        :param timeout: seconds
        :raises: Failure when it fails or takes longer
        """
        child = self.start(name, command, log, env)
        status = child.wait(timeout)
        with self._lock:
            self._children = [other for other in self._children
                              if other is not child]
        child.stop()
        if status is None:
            raise errors.TimedOut(
                '%s took longer than %d seconds. The last lines of %s:\n%s'
                % (name, timeout, log, child.tail()))
        if status:
            child.check()

    def check(self):
        """Do nothing as long as all of them run.

        :raises: Failure about one that has ended
        """
        with self._lock:
            children = list(self._children)
        for child in children:
            child.check()

    def stop(self):
        """End all processes, the youngest first."""
        with self._lock:
            self._stopped = True
            children = self._children[::-1]
            self._children = []
        for child in children:
            child.ask_to_end()
        for child in children:
            child.stop()
