# SPDX-License-Identifier: Apache-2.0
"""Which release of Nova a tree holds."""

import pathlib
import re
import subprocess

from graft import errors

LOWEST = 22
#: The newest that was tried; on a newer one the seams may fit all the same.
HIGHEST = 34
# Every form of Nova has these: a checkout, a source archive, a wheel.
_NOVA = ('nova/version.py', 'nova/compute/manager.py')
_LETTERS = {'victoria': 22, 'wallaby': 23, 'xena': 24, 'yoga': 25, 'zed': 26}
_OURS = re.compile(r'[+.]usb\.[0-9.]+$')


def base_of(version):
    """Upstream's version in one that may be the fork's."""
    return _OURS.sub('', version)


def fork_of(version, ours):
    """The fork's version: `version` of upstream with `ours` as local part."""
    return '%s%susb.%s' % (version, '.' if '+' in version else '+', ours)


def major_of(version):
    """The number of the release series.

    :raises graft.errors.UnsupportedRelease: when it is older than those that
        the seams are made for, or cannot be told
    """
    match = re.match(r'\d+', version)
    # Not below 1000: a series' name such as 2026.2.
    if not match or not LOWEST <= int(match.group()) < 1000:
        raise errors.UnsupportedRelease(
            'Nova %s is not supported: the seams are made for %d.x to %d.x, '
            'and tried on newer ones' % (version, LOWEST, HIGHEST))
    return int(match.group())


def untried(version):
    """What to say of a release that is newer than all that was tried.

    :returns: a text that ends in a comma and a space, empty for the others
    """
    return 'not tried, ' if major_of(version) > HIGHEST else ''


def detect(tree):
    """Upstream's version of the Nova in `tree`.

    From an unpacked wheel's or a source archive's metadata, else from git's
    tags, else (a shallow clone) from the series that the release notes list.

    :raises graft.errors.NotNova: when there is no Nova in `tree`
    :raises graft.errors.UnsupportedRelease: when nothing tells the release
    """
    tree = pathlib.Path(tree)
    for name in _NOVA:
        if not (tree / name).is_file():
            raise errors.NotNova(
                '%s is not a source tree of Nova: %s is missing' % (
                    tree, name))
    if any(tree.glob('nova-*.dist-info/INSTALLER')):
        raise errors.NotNova(
            '%s is an installed Nova, not a source tree: run pip install '
            'with the path of this checkout in that environment' % tree)
    version = (_from_metadata(tree) or _from_git(tree)
               or _from_release_notes(tree))
    if not version:
        raise errors.UnsupportedRelease(
            '%s: no PKG-INFO, git tag or release note tells which release '
            'of Nova this is; give it with --release' % tree)
    return base_of(version)


def _from_metadata(tree):
    for path in [*tree.glob('nova-*.dist-info/METADATA'), tree / 'PKG-INFO']:
        if path.is_file():
            match = re.search(r'^Version: *(\S+)',
                              path.read_text(encoding='utf-8'), re.M)
            if match:
                return match.group(1)
    return None


def _from_git(tree):
    if not (tree / '.git').exists():
        return None
    try:
        output = subprocess.run(
            ['git', '-C', str(tree), 'describe', '--tags',
             '--match', '[0-9]*.[0-9]*.[0-9]*'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
            universal_newlines=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return output.partition('-')[0]


def _from_release_notes(tree):
    """One more than the newest series that has been branched off."""
    majors = [0]
    for path in tree.glob('releasenotes/source/*.rst'):
        match = re.match(r'(20\d\d)\.([12])$', path.stem)
        if match:
            year, half = map(int, match.groups())
            majors.append(27 + 2 * (year - 2023) + half - 1)
        majors.append(_LETTERS.get(path.stem, 0))
    return str(max(majors) + 1) if max(majors) else None
