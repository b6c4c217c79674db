# SPDX-License-Identifier: Apache-2.0
"""Decide what a graft changes; nothing is written here.

A plan always starts from the plain form of upstream's files, so a second
graft, or one by a newer checkout, ends where a first one would.
"""

import os
import pathlib
from typing import NamedTuple
from typing import Tuple

from graft import edit
from graft import errors
from graft import manifest
from graft import release as releases
from graft import seam as seam_kinds
from graft import seams
from graft import source
from graft import write

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


class Edited(NamedTuple):
    """A file of upstream's with its seams in place."""

    path: str
    plain: str
    text: str
    test: bool

    @property
    def added(self):
        """How many lines differ: nothing is removed, so all are added."""
        return len(source.lines_of(self.text)) - len(
            source.lines_of(self.plain))


class Restored(NamedTuple):
    """A file of upstream's as upstream has it."""

    path: str
    text: str


class Absent(NamedTuple):
    """A file that this form of Nova does without."""

    path: str


class Failed(NamedTuple):
    """A file in which seams find no place."""

    path: str
    reasons: Tuple[str, ...]


class Plan(NamedTuple):
    """What there is to do.

    :ivar release: upstream's version
    :ivar outcomes: Edited, Restored or Absent for each file of upstream's
    :ivar files: our files, relative to the root of the tree
    :ivar steps: what to write; empty when the tree is already as wanted
    """

    release: str
    outcomes: tuple
    files: Tuple[str, ...]
    steps: Tuple[write.Step, ...]

    @property
    def edited(self):
        """The files of upstream's that get lines."""
        return [item for item in self.outcomes if isinstance(item, Edited)]


def our_files(checkout=CHECKOUT):
    """Our files below nova/, relative to the checkout, sorted."""
    found = []
    for folder, folders, names in os.walk(os.path.join(checkout, 'nova')):
        folders[:] = [name for name in folders
                      if name != '__pycache__' and not name.startswith('.')]
        found.extend(
            pathlib.Path(folder, name).relative_to(checkout).as_posix()
            for name in names
            if not name.startswith('.')
            and not name.endswith(('.pyc', '.orig', '.rej', '~')))
    return tuple(sorted(set(found) - {manifest.PATH}))


def to_graft(tree, release=None, link=False, checkout=CHECKOUT,
             declared=seams.SEAMS):
    """Plan to turn `tree` into the fork.

    :param tree: folder of a source tree or an unpacked wheel
    :param release: upstream's version, where the tree cannot tell it
    :param link: link our files to the checkout instead of copying them
    :raises graft.errors.GraftError: when that cannot be done
    """
    release = release or releases.detect(tree)
    major = releases.major_of(release)
    old = manifest.load(tree)
    wanted = seam_kinds.for_release(declared, major)
    touched = _touched(old, declared)
    outcomes = [_outcome(tree, path, wanted.get(path, ()))
                for path in touched]
    _raise_failures(release, outcomes)
    files = our_files(checkout)
    new = manifest.Manifest(
        files, tuple(item.path for item in outcomes
                     if isinstance(item, Edited)))
    steps = _new_file_steps(tree, checkout, files, old, link)
    steps += [_step(tree, manifest.PATH, write.Content(new.dump()))]
    steps += _edit_steps(tree, outcomes)
    return Plan(release, tuple(outcomes), files, _in_order(steps, tree, new))


def to_remove(tree, release=None, declared=seams.SEAMS):
    """Plan to turn `tree` into plain upstream again.

    :raises graft.errors.NotNova: when there is no Nova in `tree`
    """
    release = release or releases.detect(tree)
    old = manifest.load(tree)
    outcomes = [_outcome(tree, path, ()) for path in _touched(old, declared)]
    _raise_failures(release, outcomes)
    steps = _edit_steps(tree, outcomes)
    steps += [_step(tree, path, None)
              for path in (*old.files, manifest.PATH)]
    steps = [step for step in steps if step.before != step.after]
    return Plan(release, tuple(outcomes), old.files, tuple(steps))


def _touched(old, declared):
    return sorted({*old.edited, *(seam.path for seam in declared)})


def _outcome(tree, path, wanted):
    """What becomes of one file of upstream's."""
    try:
        content = pathlib.Path(tree, path).read_bytes().decode('utf-8')
    except FileNotFoundError:
        if all(seam.optional or seam.test for seam in wanted):
            return Absent(path)
        return Failed(path, ('the file is missing, %s' % _anchors(wanted),))
    except (OSError, UnicodeDecodeError) as error:
        return Failed(path, ('cannot be read: %s' % error,))
    plain = edit.strip(content)
    if not wanted:
        return Restored(path, plain)
    try:
        text = edit.graft(plain, wanted)
        if path.endswith('.py'):
            source.Module(text)
    except source.NotFound as error:
        return Failed(path, tuple(str(error).splitlines()))
    return Edited(path, plain, text, all(seam.test for seam in wanted))


def _anchors(wanted):
    return 'and with it ' + ', '.join(
        dict.fromkeys(seam.anchor or 'its end' for seam in wanted))


def _raise_failures(release, outcomes):
    failed = [item for item in outcomes if isinstance(item, Failed)]
    if failed:
        raise errors.AnchorMissing(*(
            '%s: %s (Nova %s)' % (item.path, reason, release)
            for item in failed for reason in item.reasons))


def _new_file_steps(tree, checkout, files, old, link):
    """Put our files in place, and away those that are ours no longer.

    :raises graft.errors.FileClash: when a file there is not ours
    """
    steps = []
    clashes = []
    for path in files:
        ours = os.path.join(checkout, path)
        content = write.Content(pathlib.Path(ours).read_bytes(),
                                os.stat(ours).st_mode & 0o755 | 0o644)
        wanted = write.Link(ours) if link else content
        step = _step(tree, path, wanted)
        steps.append(step)
        if (step.before not in (None, content)
                and not isinstance(step.before, write.Link)
                and path not in old.files):
            clashes.append('%s: upstream has a file of this name, ours would '
                           'replace it' % path)
    if clashes:
        raise errors.FileClash(*clashes)
    steps += [_step(tree, path, None) for path in old.files
              if path not in files]
    return steps


def _edit_steps(tree, outcomes):
    steps = []
    for item in outcomes:
        if isinstance(item, (Edited, Restored)):
            before = write.state_of(os.path.join(tree, item.path))
            mode = getattr(before, 'mode', 0o644)
            data = item.text.encode('utf-8')
            if getattr(before, 'data', None) != data:
                steps.append(_step(tree, item.path,
                                   write.Content(data, mode)))
    return steps


def _step(tree, path, after):
    path = os.path.join(tree, path)
    return write.Step(path, write.state_of(path), after)


def _in_order(steps, tree, new):
    """What the new manifest no longer knows first, then the manifest.

    So a graft that is killed leaves a manifest that names all of ours.
    """
    known = {os.path.join(tree, path) for path in (*new.files, *new.edited)}
    own = os.path.join(tree, manifest.PATH)
    return tuple(sorted(
        (step for step in steps if step.before != step.after),
        key=lambda step: (step.path in known, step.path != own)))
