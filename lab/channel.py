# SPDX-License-Identifier: Apache-2.0
"""The outer end of the two lines to the agent in the emulated host."""

import json
import queue
import socket
import threading
import time

from lab import errors


class Channel:
    """Runs programs in the emulated host and collects the kernel's events.

    :param commands: socket of the line for commands.
    :param events: socket of the line for events.
    """

    def __init__(self, commands, events):
        self._commands = _connect(commands)
        self._waiting = {}
        self._number = 0
        self._lock = threading.Lock()
        self.ready = threading.Event()
        #: Kernel events, each with `received`, this machine's clock.
        self.events = queue.Queue()
        _reader(self._commands, self._take_answer)
        self._event_socket = _connect(events)
        _reader(self._event_socket, self._take_event)

    def close(self):
        self._commands.close()
        self._event_socket.close()

    def run(self, *argv, timeout=180, check=True):
        """Run a program in the emulated host and return its output.

        :raises: errors.LabError when `check` and it failed.
        """
        answer = self._ask({'run': [str(arg) for arg in argv],
                            'timeout': timeout}, timeout + 30)
        if check and answer['code']:
            raise errors.LabError(
                'In the emulated host, %s failed (exit code %d):\n%s'
                % (' '.join(str(arg) for arg in argv), answer['code'],
                   answer['output'][-3000:]))
        return answer['output']

    def shell(self, script, timeout=180, check=True):
        """Run a shell script in the emulated host."""
        return self.run('/bin/bash', '-c', script, timeout=timeout,
                        check=check)

    def start(self, argv, log, env=None):
        """Start a program that stays there.

        :param log: path inside the emulated host.
        :returns: its process id there.
        """
        answer = self._ask({'start': [str(arg) for arg in argv],
                            'log': str(log), 'env': env or {}}, 180)
        if 'pid' not in answer:
            raise errors.LabError('In the emulated host: %s' % answer)
        return answer['pid']

    def alive(self, pid):
        """Whether a process that `start` started still runs."""
        return self._ask({'alive': pid}, 120)['alive']

    def clock(self):
        """The emulated host's clock against this machine's.

        :returns: (offset, error): to add to its times for ours, in seconds,
            and by how much that can be wrong, best of five askings.
        """
        best = None
        for _ in range(5):
            before = time.time()
            theirs = self._ask({'clock': True}, 120)['time']
            after = time.time()
            half = (after - before) / 2
            if best is None or half < best[1]:
                best = (before + half - theirs, half)
        return best

    def forget_events(self):
        while not self.events.empty():
            self.events.get_nowait()

    def wait_event(self, action, timeout=180):
        """The next USB event of the kernel's with that action.

        :raises: errors.LabTimeout
        """
        end = time.monotonic() + timeout
        while True:
            try:
                event = self.events.get(
                    timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise errors.LabTimeout(
                    "Waited %d s for the host kernel's USB event '%s'."
                    % (timeout, action))
            if event['action'] == action:
                return event

    def _ask(self, request, timeout):
        waiter = queue.Queue()
        with self._lock:
            self._number += 1
            number = self._number
            self._waiting[number] = waiter
            data = json.dumps(dict(request, id=number)).encode() + b'\n'
            self._commands.sendall(data)
        try:
            return waiter.get(timeout=timeout)
        except queue.Empty:
            raise errors.LabTimeout(
                'The emulated host gave no answer to %s within %d s.'
                % (request, timeout))

    def _take_answer(self, answer):
        if answer['id'] == 0:
            self.ready.set()
            return
        waiter = self._waiting.pop(answer['id'], None)
        if waiter:
            waiter.put(answer)

    def _take_event(self, event):
        self.events.put(dict(event, received=time.time()))


def _connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return connection


def _reader(connection, take):
    def read():
        try:
            with connection.makefile('rb') as lines:
                for line in lines:
                    take(json.loads(line))
        except OSError:
            # Closed at the end of the lab.
            pass
    threading.Thread(target=read, daemon=True).start()
