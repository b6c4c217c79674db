# SPDX-License-Identifier: Apache-2.0
"""A client of the QEMU Machine Protocol: how devices are plugged."""

import json
import socket

from lab import errors


class Qmp:
    """One connection to QEMU's monitor socket.

    :param path: the socket.
    :param timeout: seconds that one answer may take.
    """

    def __init__(self, path, timeout=120):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile('rb')
        self._events = []
        self._read()
        self.execute('qmp_capabilities')

    def close(self):
        self._lines.close()
        self._socket.close()

    def execute(self, command, **arguments):
        """Run one command.

        :raises: errors.LabError with QEMU's own words when it fails.
        """
        arguments = {name.replace('_', '-'): value
                     for name, value in arguments.items()}
        request = {'execute': command, 'arguments': arguments}
        self._socket.sendall(json.dumps(request).encode() + b'\n')
        while True:
            answer = self._read()
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise errors.LabError('QEMU: %s: %s'
                                      % (command, answer['error']['desc']))
            self._events.append(answer)

    def wait_event(self, name, **data):
        """Return the next event of that name and data, and forget it."""
        while True:
            for event in self._events:
                if event.get('event') == name and data.items() <= event.get(
                        'data', {}).items():
                    self._events.remove(event)
                    return event
            self._events.append(self._read())

    def _read(self):
        try:
            line = self._lines.readline()
        except socket.timeout:
            raise errors.LabTimeout('QEMU did not answer in time.')
        if not line:
            raise errors.LabError('QEMU closed its monitor socket.')
        return json.loads(line)
