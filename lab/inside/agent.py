# SPDX-License-Identifier: Apache-2.0
"""Runs inside the emulated host: does what the lab asks for.

Two virtual serial lines lead outside.  On the first come requests, one JSON
object per line, and answers go back, in the order in which they are ready:

    {"id": 7, "run": ["virsh", "list"], "timeout": 60}
    {"id": 7, "code": 0, "output": "…"}
    {"id": 8, "start": ["nova-compute"], "log": "/…", "env": {…}}
    {"id": 8, "pid": 411}
    {"id": 9, "alive": 411}
    {"id": 9, "alive": true}
    {"id": 10, "clock": true}
    {"id": 10, "time": 1700000000.123456}

On the second go the kernel's own USB events, as soon as they happen:

    {"time": 1700000000.1, "action": "add", "devpath": "/devices/…/1-4"}

Only the standard library: it has to start quickly on an emulated processor.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time

NETLINK_KOBJECT_UEVENT = 15
KERNEL_GROUP = 1


class Line:
    """A virtual serial line on which several threads write."""

    def __init__(self, path):
        self._file = os.open(path, os.O_RDWR)
        self._lock = threading.Lock()

    def send(self, message):
        data = json.dumps(message).encode() + b'\n'
        with self._lock:
            while data:
                data = data[os.write(self._file, data):]

    def messages(self):
        pending = b''
        while True:
            read = os.read(self._file, 65536)
            if not read:
                # Nobody is connected outside.
                time.sleep(0.05)
                continue
            pending += read
            while b'\n' in pending:
                row, pending = pending.split(b'\n', 1)
                yield json.loads(row)


def run(request):
    try:
        done = subprocess.run(
            request['run'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=request['timeout'])
    except subprocess.TimeoutExpired as exc:
        return {'code': 124, 'output': _text(exc.output)}
    except OSError as exc:
        return {'code': 127, 'output': str(exc)}
    return {'code': done.returncode, 'output': _text(done.stdout)}


def _text(data):
    return (data or b'').decode(errors='replace')


def start(request):
    """Start a program that stays; a thread reaps it when it ends."""
    with open(request['log'], 'ab') as log:
        child = subprocess.Popen(
            request['start'], stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
            env=dict(os.environ, **request.get('env', {})))
    threading.Thread(target=child.wait, daemon=True).start()
    return {'pid': child.pid}


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answer(line, request):
    try:
        if 'run' in request:
            result = run(request)
        elif 'start' in request:
            result = start(request)
        elif 'alive' in request:
            result = {'alive': alive(request['alive'])}
        else:
            result = {'time': time.time()}
    except Exception as exc:
        # Whatever it is, the lab outside has to hear of it.
        result = {'code': 126, 'output': repr(exc)}
    line.send(dict(result, id=request['id']))


def forward_events(line):
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                           NETLINK_KOBJECT_UEVENT)
    events.bind((0, KERNEL_GROUP))
    while True:
        data = events.recv(65536)
        now = time.time()
        fields = dict(part.split('=', 1)
                      for part in data.decode(errors='replace').split('\0')
                      if '=' in part)
        if fields.get('DEVTYPE') == 'usb_device':
            line.send({'time': now, 'action': fields['ACTION'],
                       'devpath': fields['DEVPATH']})


def main(commands, events):
    line = Line(commands)
    threading.Thread(target=forward_events, args=(Line(events),),
                     daemon=True).start()
    line.send({'id': 0, 'ready': True})
    for request in line.messages():
        threading.Thread(target=answer, args=(line, request),
                         daemon=True).start()


if __name__ == '__main__':
    main(*sys.argv[1:])
