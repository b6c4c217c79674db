# SPDX-License-Identifier: Apache-2.0
"""Change files all or none.

A state of a file is one of Content, Link, or None for none at all.
"""

import os
import stat
from typing import NamedTuple
from typing import Union


class Content(NamedTuple):
    """A regular file."""

    data: bytes
    mode: int = 0o644


class Link(NamedTuple):
    """A symbolic link."""

    target: str


class Step(NamedTuple):
    """One file's way from one state to another."""

    path: str
    before: Union[Content, Link, None]
    after: Union[Content, Link, None]


def state_of(path):
    """The state of the file `path`.

    :raises OSError: when it cannot be read
    """
    if os.path.islink(path):
        return Link(os.readlink(path))
    try:
        with open(path, 'rb') as stream:
            return Content(stream.read(),
                           stat.S_IMODE(os.fstat(stream.fileno()).st_mode))
    except FileNotFoundError:
        return None


def apply(steps):
    """Take all the steps, or none of them.

    :param steps: list of Step
    :raises OSError: when one fails; those before it have been taken back
    """
    taken = []
    try:
        for step in steps:
            taken.append(step)
            _put(step.path, step.after)
    except BaseException:
        _take_back(reversed(taken))
        raise
    for step in steps:
        if step.after is None:
            _prune(step.path)


def _take_back(steps):
    """Undo as much as can be undone; the caller reports what happened."""
    for step in steps:
        try:
            _put(step.path, step.before)
        except OSError:
            continue
        if step.before is None:
            _prune(step.path)


def _put(path, state):
    """Bring about `state`; readers see the old file or the new one whole."""
    if state is None:
        if os.path.lexists(path):
            os.unlink(path)
        return
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, '.graft-%d' % os.getpid())
    try:
        if isinstance(state, Link):
            os.symlink(state.target, temporary)
        else:
            with open(temporary, 'xb') as stream:
                stream.write(state.data)
            os.chmod(temporary, state.mode)
        os.replace(temporary, path)
    except BaseException:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise


def _prune(path):
    """Remove what a deleted module leaves: bytecode, an empty folder.

    Only tidiness: what cannot be removed stays.
    """
    folder, name = os.path.split(path)
    cache = os.path.join(folder, '__pycache__')
    stem = os.path.splitext(name)[0] + '.'
    try:
        for entry in os.listdir(cache) if os.path.isdir(cache) else ():
            if entry.startswith(stem) and entry.endswith('.pyc'):
                os.unlink(os.path.join(cache, entry))
        if os.path.isdir(cache) and not os.listdir(cache):
            os.rmdir(cache)
        while not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)
    except OSError:
        return
