# SPDX-License-Identifier: Apache-2.0
"""The distributions beside Nova, built and tested in their own environments.

Below .tests/<folder>/: `venv` with what <folder>/test-requirements.txt and
test-constraints.txt say and the distribution itself, `source`, a copy of it
that is built, and `dist`, what comes of that.
"""

import contextlib
import pathlib
import platform
import shutil
import tempfile
import zipfile

from toolbox import commands
from toolbox import locks
from toolbox import process
from toolbox import stamp
from toolbox import venv
from toolbox import waiting
import tools
from tools import results
from tools import suites

#: What ./run.sh says when its cloud can be used.
UP = 'The cloud is up'
#: Seconds for that, with the making of its virtual environment.
START_TIMEOUT = 1800


class Distribution:
    """One of them, and the environment that its tests run in."""

    #: No tree of Nova.
    tree = None

    def __init__(self, folder, state=tools.STATE):
        """:param folder: the name of its folder in the checkout"""
        self.folder = folder
        self.checkout = tools.ROOT / folder
        self.home = state / folder
        self.venv = self.home / 'venv'
        self.constraints = self.checkout / 'test-constraints.txt'
        self._venv = venv.Venv(self.venv, [self.constraints])
        self.python = self._venv.python
        self.dist = self.home / 'dist'
        self.requirements = self.checkout / 'test-requirements.txt'

    def locked(self):
        """:returns: context manager that keeps other runs away from this"""
        self.home.mkdir(parents=True, exist_ok=True)
        return locks.hold(
            self.home / 'lock',
            waiting=f'Waiting for another run in {self.folder}/ to end…')

    def fingerprint(self):
        """:returns: a checksum of all that decides what is installed"""
        return stamp.checksum(
            platform.python_version(), self.constraints, self.requirements,
            self.checkout / 'pyproject.toml')

    def prepare(self):
        """Make the environment, unless it fits already."""
        wanted = self.fingerprint()
        if self._venv.is_done('all', wanted):
            return
        print(f'Making the environment for {self.folder}/ with Python '
              f'{platform.python_version()}.', flush=True)
        self._venv.create()
        self._venv.pip('install', '-r', self.requirements)
        self._venv.pip('install', self.copy())
        commands.run([self.python, '-m', 'pip', 'check'])
        self._venv.done('all', wanted)

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
        return commands.environment(LC_ALL='C.UTF-8')

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
        code, _ = commands.run_and_read(command)
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
    with cloud(distribution) as folder:
        return suites.run_modules(
            distribution, distribution.checkout, modules, regex,
            f'{distribution.folder}: functional tests',
            OS_CLIENT_CONFIG_FILE=str(folder / 'clouds.yaml'),
            SIMULATED_USB_DEVICES=str(
                folder / 'simulated-usb-devices.json'))


@contextlib.contextmanager
def cloud(distribution):
    """A new cloud of ./run.sh, for the time being.

    :returns: context manager that gives the folder with what it stores
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix='cloud-',
                                           dir=distribution.home))
    log = folder / 'run.log'
    try:
        with process.Group() as group:
            child = group.start(
                'run.sh', [tools.ROOT / 'run.sh', '--folder',
                           folder / 'state'], log)
            waiting.wait_for(
                'the cloud to be up', lambda: UP in log.read_text(),
                START_TIMEOUT, check=child.check, detail=child.tail)
            yield folder / 'state'
    finally:
        shutil.rmtree(folder)
