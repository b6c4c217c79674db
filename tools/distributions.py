# SPDX-License-Identifier: Apache-2.0
"""The distributions beside Nova, built and tested in their own environments.

Below .tests/<folder>/: `venv` with what <folder>/test-requirements.txt and
test-constraints.txt say and the distribution itself, `source`, a copy of it
that is built, and `dist`, what comes of that.
"""

import contextlib
import hashlib
import pathlib
import platform
import shutil
import sys
import tempfile
import zipfile

from cloud import __main__ as cloud_main
from cloud import process as cloud_process
import tools
from tools import environment
from tools import process
from tools import results
from tools import suites

#: The first of the ports of a cloud for functional tests.
PORT = 19774


class Distribution(environment.Lockable):
    """One of them, and the environment that its tests run in."""

    #: No tree of Nova.
    tree = None

    def __init__(self, folder, state=tools.STATE):
        """:param folder: the name of its folder in the checkout"""
        self.folder = folder
        self.checkout = tools.ROOT / folder
        self.home = state / folder
        self.venv = self.home / 'venv'
        self.python = self.venv / 'bin' / 'python'
        self.dist = self.home / 'dist'
        self.constraints = self.checkout / 'test-constraints.txt'
        self.requirements = self.checkout / 'test-requirements.txt'

    def fingerprint(self):
        """:returns: a hash of all that decides what is installed"""
        parts = hashlib.sha256(platform.python_version().encode())
        for path in (self.constraints, self.requirements,
                     self.checkout / 'pyproject.toml'):
            parts.update(path.read_bytes())
        return parts.hexdigest()

    def prepare(self):
        """Make the environment, unless it fits already."""
        stamp = self.venv / 'fingerprint'
        if stamp.exists() and stamp.read_text() == self.fingerprint():
            return
        print(f'Making the environment for {self.folder}/ with Python '
              f'{platform.python_version()}.', flush=True)
        shutil.rmtree(self.venv, ignore_errors=True)
        process.run([sys.executable, '-m', 'venv', self.venv])
        self.pip('install', '-r', self.requirements)
        self.pip('install', self.copy())
        process.run([self.python, '-m', 'pip', 'check'])
        stamp.write_text(self.fingerprint())

    def pip(self, verb, *arguments):
        process.run([
            self.python, '-m', 'pip', verb, '--quiet',
            '--disable-pip-version-check', '-c', self.constraints,
            *arguments])

    def copy(self):
        """Copy the source: building writes into it.

        :returns: where it is
        """
        source = self.home / 'source'
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(self.checkout, source,
                        ignore=shutil.ignore_patterns(
                            '__pycache__', 'build', 'dist', '*.egg-info'))
        return source

    def variables(self):
        """:returns: the environment variables of its tests"""
        return process.environment(LC_ALL='C.UTF-8')

    def test_modules(self, kind):
        """:returns: the dotted names of its test modules of a kind"""
        return sorted(
            '.'.join(path.relative_to(self.checkout).with_suffix('').parts)
            for path in (self.checkout / 'tests' / kind).glob('test_*.py'))


def run(folder, regex=None, functional=False):
    """Run the tests of a distribution.

    :param folder: the name of its folder in the checkout
    :param regex: only tests whose name it is found in
    :param functional: run its functional tests in place of the others
    :returns: results.Results
    """
    distribution = Distribution(folder)
    with distribution.locked():
        distribution.prepare()
        if functional:
            return run_functional(distribution, regex)
        total = suites.run_modules(
            distribution, distribution.checkout,
            distribution.test_modules('unit'), regex, f'{folder}: unit tests')
        if not regex:
            total.add(build(distribution))
        return total


def build(distribution):
    """Build sdist and wheel, and check what they say of themselves.

    :returns: results.Results
    """
    shutil.rmtree(distribution.dist, ignore_errors=True)
    steps = {
        'build': [distribution.python, '-m', 'build', '--no-isolation',
                  '--outdir', distribution.dist, distribution.copy()],
        'metadata': [distribution.python, '-m', 'twine', 'check', '--strict',
                     f'{distribution.dist}/*'],
    }
    statuses = {}
    for name, command in steps.items():
        code, _ = process.run_and_read(command)
        statuses[f'{distribution.folder}.{name}'] = (
            'failed' if code else 'passed')
    missing = not_in_wheel(distribution)
    for path in missing:
        print(f'{path} is not in the wheel')
    statuses[f'{distribution.folder}.wheel'] = (
        'failed' if missing else 'passed')
    outcome = results.Results.from_statuses(statuses)
    print(f'{distribution.folder}: distributions: {outcome.summary()}',
          flush=True)
    return outcome


def not_in_wheel(distribution):
    """:returns: the files of its packages that the wheel does not have"""
    wheels = sorted(distribution.dist.glob('*.whl'))
    if not wheels:
        return ['anything']
    with zipfile.ZipFile(wheels[0]) as wheel:
        packed = set(wheel.namelist())
    source = distribution.home / 'source'
    packages = {path.split('/')[0] for path in packed
                if path.endswith('/__init__.py')}
    return sorted(
        str(path.relative_to(source))
        for package in packages
        for path in (source / package).rglob('*')
        if path.is_file() and str(path.relative_to(source)) not in packed)


def run_functional(distribution, regex):
    """Run the tests that need a cloud, against one of their own.

    :returns: results.Results
    """
    modules = distribution.test_modules('functional')
    with cloud() as settings:
        return suites.run_modules(
            distribution, distribution.checkout, modules, regex,
            f'{distribution.folder}: functional tests',
            OS_CLIENT_CONFIG_FILE=str(settings.clouds_yaml),
            SIMULATED_USB_DEVICES=str(settings.simulated_devices))


@contextlib.contextmanager
def cloud():
    """A new cloud as of ./run.sh, for the time being.

    :returns: context manager that gives its cloud.settings.Settings
    """
    options = cloud_main.parser().parse_args(['--port', str(PORT)])
    options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix='tests-',
                                           dir=options.state))
    try:
        with cloud_process.Group() as group:
            with cloud_main.up(options, folder, group) as settings:
                yield settings
    finally:
        shutil.rmtree(folder)
