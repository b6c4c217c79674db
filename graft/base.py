# SPDX-License-Identifier: Apache-2.0
"""Which Nova the fork is built from, and where it comes from."""

import os
import pathlib
import subprocess
import sys
import tempfile

from graft import errors
from graft import installed
from graft import release
from graft import wheels

DEFAULT = '34.0.0'
VARIABLE = 'NOVA_BASE'


def unpack(root):
    """Unpack the base into `root`: installed, else named, else default.

    :param root: folder to make
    :returns: a sentence that says which Nova it is and whence
    :raises graft.errors.BaseUnavailable: when there is none
    """
    found = installed.find()
    wanted = os.environ.get(VARIABLE)
    if found is not None:
        version = installed.unpack(found, root)
        ignored = ', not %s=%s' % (VARIABLE, wanted) if wanted else ''
        return 'Nova %s as installed in %s%s' % (
            version, found.locate_file(''), ignored)
    if wanted and os.path.isfile(wanted):
        wheels.unpack(wanted, root)
        return 'Nova from %s' % wanted
    with tempfile.TemporaryDirectory(prefix='nova-base-') as folder:
        wheel = _download(wanted or DEFAULT, folder)
        wheels.unpack(wheel, root)
        return 'Nova from the package index, %s' % wheel.name


def requirements():
    """What a build needs beside this package: pip, where it has to fetch."""
    wanted = os.environ.get(VARIABLE, '')
    if (installed.find() is not None or os.path.isfile(wanted)
            or _pip_works(_outside_isolation())):
        return []
    return ['pip']


def _download(version, folder):
    """Fetch the wheel of a release as the user's pip is set up to.

    :returns: its path in `folder`
    :raises graft.errors.BaseUnavailable: when pip does not find it
    :raises graft.errors.UnsupportedRelease: when there is no sense in trying
    """
    release.major_of(version)
    environment = _outside_isolation()
    if not _pip_works(environment):
        environment = dict(os.environ)
    done = subprocess.run(
        [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
         '--disable-pip-version-check', '--only-binary', 'nova',
         '--dest', folder, 'nova==%s' % version],
        cwd=folder, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True)
    found = list(pathlib.Path(folder).glob('nova-*.whl'))
    if done.returncode or not found:
        said = done.stdout.strip().splitlines()
        errors_said = [line for line in said if line.startswith('ERROR')]
        last = (errors_said or said or ['no wheel'])[-1]
        raise errors.BaseUnavailable(
            'Nova %s cannot be had from the package index: %s; set %s to '
            'another version or to the path of a wheel, or install Nova '
            'first' % (version, last, VARIABLE))
    return found[0]


def _outside_isolation():
    """The environment variables without what pip sets for a build."""
    return {name: value for name, value in os.environ.items()
            if name not in ('PYTHONPATH', 'PYTHONNOUSERSITE',
                            'PIP_BUILD_TRACKER', 'PIP_REQ_TRACKER')}


def _pip_works(environment):
    with tempfile.TemporaryDirectory() as folder:
        return not subprocess.run(
            [sys.executable, '-m', 'pip', '--version'], cwd=folder,
            env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode
