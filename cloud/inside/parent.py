# SPDX-License-Identifier: Apache-2.0
"""End when the process that started this one ends."""

import os
import sys
import threading


def leave(status):
    """End this process at once, without waiting for its threads.

    :param status: exit status
    """
    os._exit(status)


def end_with_it():
    """End this process when its standard input is closed.

    The parent holds the other end of that pipe, and the kernel closes it
    however the parent ends.
    """
    def watch():
        # Below sys.stdin, whose lock would be held for ever.
        while os.read(0, 4096):
            pass
        print('The parent process is gone; ending.', file=sys.stderr)
        leave(1)

    threading.Thread(target=watch, daemon=True).start()
