# SPDX-License-Identifier: Apache-2.0
"""The directory of one lab, and those whose lab was killed."""

import fcntl
import os
import pathlib
import shutil
import tempfile

from lab import errors

PREFIX = 'nova-lab-'
OWNER = 'owner'
TRIES = 5


class State:
    """A directory that is this process's until it ends, however it ends.

    The file OWNER in it is locked, and the kernel gives the lock back when
    this process dies.  So whoever gets the lock may delete the directory.
    """

    def __init__(self):
        self.path = None
        self._lock = None

    def make(self):
        """Make the directory.

        :returns: its path, a pathlib.Path
        :raises: errors.LabError
        """
        # Another lab that begins can take it for one left behind, if it
        # looks between two of these lines.
        for _ in range(TRIES):
            # In the system's own place: the paths of sockets must be short.
            path = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = _lock(path, create=True)
            if self._lock:
                self.path = path
                return path
            shutil.rmtree(path, ignore_errors=True)
        raise errors.LabError('Files cannot be locked in %s: give a TMPDIR '
                              'where they can be.' % path.parent)

    def remove(self):
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()
        self.path = None


def remove_orphans():
    """Delete the directories of labs that live no more.

    :returns: their paths
    """
    removed = []
    for path in sorted(pathlib.Path(tempfile.gettempdir()).glob(
            PREFIX + '*')):
        lock = _lock(path)
        if lock:
            with lock:
                shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _lock(path, create=False):
    """Take the lock of a directory.

    :param create: whether to make what is to be locked
    :returns: the open file that holds it, None when somebody else has it or
        nobody ever had
    """
    name = path / OWNER
    try:
        # Not inherited by the programs that the lab starts.
        held = open(name, 'a' if create else 'r+')
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # What was locked must still be what has that name.
        if os.path.samestat(os.fstat(held.fileno()), os.stat(name)):
            return held
    except OSError:
        pass
    held.close()
    return None
