# SPDX-License-Identifier: Apache-2.0
"""The processes of the cloud: started, watched and ended one by one."""

import os
import signal
import subprocess
import threading

from cloud import errors

# Seconds for an orderly end, before a process is killed.
GRACE = 10
TAIL_BYTES = 65536


def environment(**extra):
    """The environment of every process of the cloud.

    Without the user's own Python paths and OpenStack credentials, and
    without a proxy for what goes over loopback.

    :param extra: variables to set
    :returns: dict
    """
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(('OS_', 'PYTHON'))}
    direct = '127.0.0.1,localhost'
    kept.update(PYTHONNOUSERSITE='1', PYTHONUNBUFFERED='1', NO_PROXY=direct,
                no_proxy=direct)
    kept.update(extra)
    return kept


class Child:
    """One process with its log file.

    Its standard input is a pipe whose other end only this process holds;
    the services end themselves when it closes, so nothing stays behind
    even when this process is killed.
    """

    def __init__(self, name, command, log, env):
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, 'ab') as output:
            # Logs can hold what a service was asked to do with secrets.
            os.fchmod(output.fileno(), 0o600)
            self.begin = output.seek(0, os.SEEK_END)
            # A session of its own: Ctrl-C in the terminal is for this
            # process, which ends the others in order.
            self._popen = subprocess.Popen(
                [str(word) for word in command], env=env,
                stdin=subprocess.PIPE, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def status(self):
        """The exit status, None while it runs."""
        return self._popen.poll()

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
        """Ask it to end, without waiting."""
        if self.status is None:
            self._popen.send_signal(signal.SIGTERM)

    def end(self):
        """Wait for the end that it was asked for; else kill it."""
        if self.wait(GRACE) is None:
            self._popen.kill()
            self.wait(GRACE)
        self._popen.stdin.close()

    def tail(self, lines=15):
        """The last lines that it wrote to its log.

        :param lines: how many
        :returns: str
        """
        with open(self.log, 'rb') as source:
            end = source.seek(0, os.SEEK_END)
            source.seek(max(self.begin, end - TAIL_BYTES))
            content = source.read().decode(errors='replace')
        return '\n'.join(content.splitlines()[-lines:])


class Group:
    """All processes of one cloud; none outlives the ``with`` block."""

    def __init__(self):
        self._lock = threading.Lock()
        self._children = []
        self._stopped = False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def start(self, name, command, log, env=None):
        """Start a process that keeps running.

        :param name: for messages
        :param command: list of words
        :param log: file for its output, a pathlib.Path
        :param env: its environment; default :func:`environment`
        :returns: Child
        :raises: CloudError when the group has been stopped
        """
        with self._lock:
            if self._stopped:
                raise errors.CloudError('Stopped before %s began.' % name)
            child = Child(name, command, log, env or environment())
            self._children.append(child)
        return child

    def run(self, name, command, log, env=None, timeout=600):
        """Run a process to its end.

        :param timeout: seconds
        :raises: CloudError when it fails or takes longer
        """
        child = self.start(name, command, log, env)
        status = child.wait(timeout)
        with self._lock:
            self._children = [other for other in self._children
                              if other is not child]
        child.ask_to_end()
        child.end()
        if status == 0:
            return
        what = ('took longer than %d seconds' % timeout if status is None
                else 'ended with status %d' % status)
        raise errors.CloudError('%s %s. The last lines of %s:\n%s' % (
            name, what, log, child.tail()))

    def ended(self):
        """A process that should run but does not.

        :returns: Child or None
        """
        with self._lock:
            return next((child for child in self._children
                         if child.status is not None), None)

    def stop(self):
        """End all processes."""
        with self._lock:
            self._stopped = True
            children = self._children
            self._children = []
        for child in children:
            child.ask_to_end()
        for child in children:
            child.end()
