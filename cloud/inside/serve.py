# SPDX-License-Identifier: Apache-2.0
"""Serve one WSGI application over HTTP: serve.py MODULE HOST PORT."""

import importlib
import signal
import sys
import traceback

from cheroot import wsgi
import parent
import sqlite_locks

THREADS = 16
# Connections that may wait to be accepted: a thousand users at one time.
BACKLOG = 1024


def main(module, host, port):
    parent.end_with_it()
    sqlite_locks.install()
    # Services read options from the command line; these are not theirs.
    sys.argv = [module]
    try:
        served = importlib.import_module(module)
    except BaseException:
        traceback.print_exc()
        # Threads that a service has begun would keep the process.
        parent.leave(1)
    server = wsgi.Server((host, int(port)), served.application,
                         numthreads=THREADS, max=THREADS,
                         request_queue_size=BACKLOG, server_name=module)

    def end(*unused):
        raise SystemExit(0)

    # After the import: libraries install handlers of their own there.
    signal.signal(signal.SIGTERM, end)
    try:
        server.safe_start()
    finally:
        getattr(served, 'stop', lambda: None)()
        sys.stdout.flush()
        # Threads of the services that still wait for something have
        # nothing left to lose.
        parent.leave(0)


if __name__ == '__main__':
    main(*sys.argv[1:])
