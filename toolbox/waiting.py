# SPDX-License-Identifier: Apache-2.0
"""Waiting for something that cannot tell when it has happened."""

import time

from toolbox import errors


def wait_for(what, probe, timeout, interval=0.5, check=None, detail=None):
    """Call `probe` until it returns something true, and return that.

    It is called once more after the time is over, so a machine that stalled
    meanwhile does not make a failure of what has happened.

    :param what: completes the sentence "Waited N s for …"
    :param probe: callable without arguments
    :param timeout: seconds
    :param interval: seconds between two calls
    :param check: called between two probes; raises when waiting is idle
    :param detail: called at the end, returns what to add to the error
    :returns: the first true value that `probe` returned
    :raises: TimedOut
    """
    end = time.monotonic() + timeout
    while True:
        late = time.monotonic() > end
        found = probe()
        if found:
            return found
        if check:
            check()
        if late:
            raise errors.TimedOut('Waited %d s for %s.%s' % (
                timeout, what, ' ' + detail() if detail else ''))
        time.sleep(interval)
