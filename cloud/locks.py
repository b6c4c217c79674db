# SPDX-License-Identifier: Apache-2.0
"""Locks between runs of ./run.sh; they end with the process that holds them.
"""

import contextlib
import fcntl

from cloud import errors


@contextlib.contextmanager
def hold(path, refusal, shared=False):
    """Hold a lock, or say at once why that cannot be.

    :param path: the lock file, a pathlib.Path
    :param refusal: what to tell the user when another process holds it
    :param shared: whether others may hold it too, as long as they share
    :raises: CloudError
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with open(path, 'a') as held:
        try:
            fcntl.flock(held, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.CloudError(refusal) from None
        yield
