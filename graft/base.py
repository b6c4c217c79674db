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
from graft import requirements as requirements_of_ours
from graft import wheels

DEFAULT = '34.0.0'
VARIABLE = 'NOVA_BASE'
_INSTALLED = 'import importlib.metadata as m, sys; m.version(sys.argv[1])'
_BUILD_PINS = 'setuptools<78\n'


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
        wheel = download(wanted or DEFAULT, folder)
        wheels.unpack(wheel, root)
        return 'Nova from the package index, %s' % wheel.name


def requirements():
    """What a build needs beside this package: pip, where it has to fetch."""
    wanted = os.environ.get(VARIABLE, '')
    if (installed.find() is not None or os.path.isfile(wanted)
            or _pip_works(_outside_isolation())):
        return []
    return ['pip']


def download(version, folder, source=False):
    """Fetch the wheel of a release as the user's pip is set up to.

    :param source: fetch the source archive instead
    :returns: its path in `folder`
    :raises graft.errors.BaseUnavailable: when pip does not find it
    :raises graft.errors.UnsupportedRelease: when there is no sense in trying
    """
    release.major_of(version)
    environment = _outside_isolation()
    if not _pip_works(environment):
        environment = dict(os.environ)
    options = ['--only-binary', 'nova']
    if source:
        # pip asks the archive for its metadata, which runs upstream's build:
        # with a setuptools that old releases know.
        options = ['--no-binary', 'nova', '--use-pep517']
        pins = pathlib.Path(folder, 'build-constraints.txt')
        pins.write_text(_BUILD_PINS)
        environment['PIP_CONSTRAINT'] = str(pins)
    done = subprocess.run(
        [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
         '--disable-pip-version-check', *options,
         '--dest', folder, 'nova==%s' % version],
        cwd=folder, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True)
    found = list(pathlib.Path(folder).glob(
        'nova-*.tar.gz' if source else 'nova-*.whl'))
    if done.returncode or not found:
        said = done.stdout.strip().splitlines()
        errors_said = [line for line in said if line.startswith('ERROR')]
        last = (errors_said or said or ['no wheel'])[-1]
        raise errors.BaseUnavailable(
            'Nova %s cannot be had from the package index: %s; set %s to '
            'another version or to the path of a wheel, or install Nova '
            'first' % (version, last, VARIABLE))
    return found[0]


def can_be_had(requirement):
    """Whether a distribution is installed, or pip can fetch it."""
    environment = _outside_isolation()
    with tempfile.TemporaryDirectory() as folder:
        return any(not subprocess.run(
            [sys.executable, *command], cwd=folder, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
            for command in (
                ['-c', _INSTALLED, requirements_of_ours.name_of(requirement)],
                ['-m', 'pip', 'download', '--quiet', '--no-deps',
                 '--disable-pip-version-check', '--retries', '1',
                 '--timeout', '15', '--dest', folder, requirement]))


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
