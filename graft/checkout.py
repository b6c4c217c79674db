# SPDX-License-Identifier: Apache-2.0
"""``python -m graft checkout DIR``: a git repository of Nova with the fork.

For whatever wants Nova's source as a repository (kolla-ansible's development
mode in either of its forms, devstack, a package build): the whole tree of a
release, one commit for it and one for each state of this checkout.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

from graft import backend
from graft import base
from graft import errors
from graft import plan as plans
from graft import release
from graft import requirements
from graft import seams
from graft import write

#: The branch that is made, for nova_source_version and git clone --branch.
BRANCH = 'usb'
_AUTHOR = ('-c', 'user.name=graft', '-c', 'user.email=graft@localhost',
           '-c', 'commit.gpgsign=false', '-c', 'tag.gpgsign=false',
           '-c', 'core.autocrlf=false')


def add_options(parser):
    """:param parser: the argparse.ArgumentParser of this command"""
    parser.add_argument('tree', metavar='DIR', help='folder to make, or one '
                        'that this command made before')
    parser.add_argument('--base', metavar='RELEASE', default=base.DEFAULT,
                        help='release of Nova (default %(default)s)')
    parser.add_argument('--source', metavar='ARCHIVE',
                        help="upstream's source archive (nova-X.Y.Z.tar.gz) "
                        'where the package index is not in reach')


def main(arguments, out):
    """Run the command.

    :param arguments: list of str, without the name of the command
    :param out: where to say what was done
    :raises graft.errors.GraftError: when it cannot be done
    """
    parser = argparse.ArgumentParser(
        prog='python -m graft checkout', description='Make a git repository '
        'of a release of Nova with USB passthrough, or bring one up to date '
        'with this checkout.')
    add_options(parser)
    options = parser.parse_args(arguments)
    tree = pathlib.Path(options.tree)
    if tree.is_dir() and any(tree.iterdir()):
        _check(tree, options.base)
    else:
        _create(tree, options)
    print('%s: branch %s, %s' % (tree, BRANCH, update(tree)), file=out)


def update(tree):
    """Bring what this checkout adds up to date, in a commit of its own.

    :returns: what was done, as a text
    """
    declared = tuple(_without_soft(seam) for seam in seams.SEAMS)
    plan = plans.to_graft(tree, declared=declared)
    write.apply(plan.steps)
    version = release.fork_of(plan.release, backend.version())
    _set_version(tree, version)
    _git(tree, 'add', '--all', '--force')
    if not _git(tree, 'status', '--porcelain'):
        return 'up to date with %s' % version
    _git(tree, 'commit', '--quiet', '--message',
         'Nova %s with USB passthrough\n\n%s' % (version, _origin()))
    return 'commit %s: %s' % (
        _git(tree, 'rev-parse', '--short', 'HEAD'), version)


def _without_soft(seam):
    """The seam without requirements that the fork does without."""
    if seam.path != 'requirements.txt':
        return seam
    # A container that starts out of reach of an index installs nothing.
    return dataclasses.replace(seam, lines=requirements.hard())


def _create(tree, options):
    """Make the repository with the commit of the base alone."""
    release.major_of(options.base)
    with tempfile.TemporaryDirectory(prefix='nova-base-') as folder:
        archive = options.source or base.download(
            options.base, folder, source=True)
        with tempfile.TemporaryDirectory(
                prefix='.graft-', dir=str(_parent(tree))) as scratch:
            made = _unpack(archive, scratch, options.base)
            _git(made, 'init', '--quiet')
            _git(made, 'checkout', '--quiet', '-b', BRANCH)
            _git(made, 'add', '--all', '--force')
            _git(made, 'commit', '--quiet', '--message',
                 'Nova %s as it was released' % options.base)
            # pbr reads such tags; it reads PKG-INFO first.
            _git(made, 'tag', '--annotate', '--message',
                 'Nova ' + options.base, options.base)
            if tree.is_dir():
                tree.rmdir()
            os.replace(str(made), str(tree))


def _parent(tree):
    parent = tree.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    return parent


def _unpack(archive, folder, version):
    """Unpack the source archive.

    :returns: the path of the tree
    :raises graft.errors.BaseUnavailable: when it is not that release's
    """
    made = pathlib.Path(folder, 'nova-' + version)
    try:
        with tarfile.open(str(archive)) as opened:
            if hasattr(tarfile, 'data_filter'):
                opened.extractall(folder, filter='data')
            else:
                opened.extractall(folder)
    except (OSError, tarfile.TarError) as error:
        raise errors.BaseUnavailable('%s: not a source archive: %s' % (
            archive, error))
    if not made.is_dir() or release.detect(made) != version:
        raise errors.BaseUnavailable(
            '%s: not the source archive of Nova %s' % (archive, version))
    shutil.rmtree(str(made / 'nova.egg-info'), ignore_errors=True)
    return made


def _check(tree, wanted):
    """Whether this is a repository of ours that may be changed.

    :raises graft.errors.GraftError: when it is not
    """
    if not (tree / '.git').exists():
        raise errors.NotNova('%s is neither empty nor a git repository: '
                             'name a new folder' % tree)
    branch = _git(tree, 'rev-parse', '--abbrev-ref', 'HEAD')
    if branch != BRANCH:
        raise errors.NotNova('%s has branch %s checked out, not %s: check it '
                             'out, or name a new folder' % (
                                 tree, branch, BRANCH))
    found = release.detect(tree)
    if found != wanted:
        raise errors.UnsupportedRelease(
            '%s holds Nova %s, not %s: name a new folder, or --base %s' % (
                tree, found, wanted, found))
    changed = _git(tree, 'status', '--porcelain')
    if changed:
        raise errors.FileClash(
            '%s has changes that are not committed, for one%s: commit or '
            'stash them first' % (tree, changed.splitlines()[0][2:]))


def _set_version(tree, version):
    """Say in PKG-INFO, where pbr looks first, which Nova this is."""
    path = tree / 'PKG-INFO'
    text = path.read_text(encoding='utf-8')
    path.write_text(re.sub(r'(?m)^Version: .*$', 'Version: ' + version,
                           text, count=1), encoding='utf-8')


def _origin():
    """Which state of this checkout it is."""
    try:
        return 'From the checkout at %s.' % _git(
            plans.CHECKOUT, 'describe', '--always', '--dirty', '--tags')
    except errors.GraftError:
        return 'From a checkout that is no git repository.'


def _git(tree, *arguments):
    """Run git there.

    :returns: what it printed
    :raises graft.errors.GraftError: when it fails or is missing
    """
    variables = {name: value for name, value in os.environ.items()
                 if not name.startswith('GIT_')}
    try:
        done = subprocess.run(
            ['git', *_AUTHOR, '-C', str(tree), *arguments], env=variables,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
    except OSError as error:
        raise errors.GraftError('git cannot be run: %s' % error)
    if done.returncode:
        raise errors.GraftError('git %s in %s: %s' % (
            arguments[0], tree, (done.stderr.strip().splitlines()
                                 or ['status %d' % done.returncode])[-1]))
    return done.stdout.strip('\n')
