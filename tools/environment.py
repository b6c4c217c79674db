# SPDX-License-Identifier: Apache-2.0
"""What the tests of one base release run in.

Below .tests/<base>/: `venv` with the packages that the constraints of its
series pin, on a Python of that series, `sdist` with upstream's source as PyPI
has it, `plain`, that source unpacked, and `tree`, the same with the fork
grafted into it.
"""

import functools
import re
import shutil
import tarfile

from toolbox import commands
from toolbox import locks
from toolbox import stamp
from toolbox import venv
import tools
from tools import releases

#: Nova 34 leaves eventlet; older releases need it (nova-seams, finding 7).
FIRST_NATIVE_THREADED = 34
#: Seconds that one test may take, on a slow machine.
TEST_TIMEOUT = 300


#: Only the style checks use these, and those run on the default base: older
#: ones would need a set of them that fits its Python and its pins.
LINTERS = re.compile(r'(bandit|flake8|hacking|mypy|types-|whereto)', re.I)


class Environment:
    """The environment of one base release."""

    def __init__(self, base, state=tools.STATE):
        """:param base: a release of Nova of one of the known series

        :raises ToolError: when it is of none
        """
        self.base = base
        self.series = releases.of(base)
        self.constraints = self.series.constraints
        self.home = state / base
        self.venv = self.home / 'venv'
        self._venv = venv.Venv(self.venv, self.constraints)
        self.python = self._venv.python
        self.plain = self.home / 'plain'
        self.tree = self.home / 'tree'
        self.sdist = self.home / 'sdist'
        self.is_default = base == tools.DEFAULT_BASE

    @functools.cached_property
    def host(self):
        """:returns: the path and the version of the series' Python

        :raises ToolError: when there is none
        """
        return releases.python_for(self.series)

    def locked(self):
        """:returns: context manager that keeps other runs away from this"""
        self.home.mkdir(parents=True, exist_ok=True)
        return locks.hold(
            self.home / 'lock',
            waiting=f'Waiting for another run on {self.base} to end…')

    def fingerprint(self):
        """:returns: a hash of all that decides what is installed."""
        return stamp.checksum(
            self.host[1], *self.constraints,
            tools.ROOT / 'requirements.txt',
            tools.ROOT / 'test-requirements.txt')

    def prepare(self):
        """Make whatever is missing, but for the grafted tree."""
        self.make_venv()
        self.unpack()
        self.install()

    def make_venv(self):
        """Make the virtual environment, unless it fits already."""
        if self._venv.is_done('all', self.fingerprint()):
            return
        print(f'Making the environment for Nova {self.base} with Python '
              f'{self.host[1]}; this takes a few minutes.',
              flush=True)
        self._venv.create(self.host[0])
        # What builds upstream's source distribution.
        self.pip('install', 'pip', 'setuptools', 'pbr', 'wheel')

    def pip(self, verb, *arguments):
        self._venv.pip(verb, *arguments)

    def install(self):
        """Install Nova, placement and what tests need, once."""
        if self._venv.is_done('all', self.fingerprint()):
            return
        requirements = []
        for path in (tools.ROOT / 'requirements.txt',
                     tools.ROOT / 'test-requirements.txt',
                     self.test_requirements()):
            requirements += ['-r', path]
        self.pip('install', f'nova=={self.base}', 'openstack-placement',
                 *requirements)
        commands.run([self.python, '-m', 'pip', 'check'])
        self._venv.done('all', self.fingerprint())

    def test_requirements(self):
        """:returns: the path of upstream's, without linters if it is old"""
        path = self.plain / 'test-requirements.txt'
        if self.is_default:
            return path
        wanted = self.home / 'test-requirements.txt'
        wanted.write_text(''.join(
            line for line in path.read_text().splitlines(keepends=True)
            if not LINTERS.match(line)))
        return wanted

    def download(self):
        """:returns: the path of upstream's source distribution."""
        name = f'nova-{self.base}.tar.gz'
        if not (self.sdist / name).exists():
            # pip reads the metadata of what it downloads, which runs
            # upstream's build: with the tools that the constraints pin,
            # not with whatever is newest.
            self.pip('download', '--no-deps', '--no-binary', 'nova',
                     '--no-build-isolation', '--dest', self.sdist,
                     f'nova=={self.base}')
        return self.sdist / name

    def unpack(self):
        """Unpack upstream's source, all of it or nothing."""
        target = self.plain
        if target.exists():
            return
        scratch = target.with_name(target.name + '.new')
        shutil.rmtree(scratch, ignore_errors=True)
        with tarfile.open(self.download()) as archive:
            archive.extractall(scratch, filter='data')
        source = scratch / f'nova-{self.base}'
        # Compiled once here; each grafted tree copies it.
        commands.run([self.python, '-m', 'compileall', '-q', '-j', '2',
                     'nova'], cwd=source)
        source.rename(target)
        scratch.rmdir()

    def graft(self):
        """Join the fork, as the checkout has it now, to the source."""
        # A fresh tree each time; a file that was deleted in the checkout
        # must not go on being tested.
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(self.plain, self.tree, symlinks=True)
        commands.run([self.python, '-m', 'graft', self.tree], cwd=tools.ROOT)

    def variables(self):
        """:returns: the environment variables that upstream's tests want."""
        extra = {
            'PYTHON': str(self.python),
            'LANGUAGE': 'en_US',
            'LC_ALL': 'C.UTF-8',
            # Some of upstream's tests are named after the order of a set:
            # each process must see, and each run compare, the same names.
            'PYTHONHASHSEED': '0',
            'OS_STDOUT_CAPTURE': '1',
            'OS_STDERR_CAPTURE': '1',
            'OS_TEST_TIMEOUT': str(TEST_TIMEOUT),
        }
        if int(self.base.split('.')[0]) >= FIRST_NATIVE_THREADED:
            extra['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = '1'
        return commands.environment(**extra)
