# SPDX-License-Identifier: Apache-2.0
"""Locks between processes; they end with the process that holds them."""

import contextlib
import fcntl

from toolbox import errors


@contextlib.contextmanager
def hold(path, refusal=None, shared=False, waiting=None):
    """Hold a lock, or say at once why that cannot be.

    :param path: the lock file, a pathlib.Path
    :param refusal: what to tell the user when another process holds it
    :param shared: whether others may hold it too, as long as they share
    :param waiting: instead of a refusal: what to print before waiting for
        the other process
    :raises: Failure
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with open(path, 'a') as held:
        try:
            fcntl.flock(held, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                raise errors.Failure(refusal) from None
            print(waiting, flush=True)
            fcntl.flock(held, kind)
        yield
