# SPDX-License-Identifier: Apache-2.0
"""What the tests of one base release run in.

Below .tests/<base>/: `venv` with the packages that constraints/<base>.txt
pins, `sdist` with upstream's source as PyPI has it, `plain`, that source
unpacked, and `tree`, the same with the fork grafted into it.
"""

import contextlib
import fcntl
import hashlib
import platform
import shutil
import sys
import tarfile

import tools
from tools import process

#: Nova 34 leaves eventlet; older releases need it (nova-seams, finding 7).
FIRST_NATIVE_THREADED = 34
#: Seconds that one test may take, on a slow machine.
TEST_TIMEOUT = 300


def bases():
    """:returns: the releases that have constraints, newest first."""
    names = [path.stem
             for path in (tools.ROOT / 'constraints').glob('[0-9]*.txt')]
    return sorted(names, key=lambda name: [int(n) for n in name.split('.')],
                  reverse=True)


class Lockable:
    """What lies in a folder `home` that one run at a time may use."""

    @contextlib.contextmanager
    def locked(self):
        """Keep other runs away from this environment meanwhile."""
        self.home.mkdir(parents=True, exist_ok=True)
        with open(self.home / 'lock', 'w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f'Waiting for another run in {self.home} to end…',
                      flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Environment(Lockable):
    """The environment of one base release."""

    def __init__(self, base, state=tools.STATE):
        """:param base: a release of Nova that has a file in constraints/

        :raises ToolError: when it has none
        """
        if base not in bases():
            raise tools.ToolError(
                f'There are no constraints for Nova {base}. Known releases: '
                f'{", ".join(bases())}. To add one, pin what it needs in '
                f'constraints/{base}.txt.')
        self.base = base
        self.constraints = tools.ROOT / 'constraints' / f'{base}.txt'
        self.home = state / base
        self.venv = self.home / 'venv'
        self.python = self.venv / 'bin' / 'python'
        self.plain = self.home / 'plain'
        self.tree = self.home / 'tree'
        self.sdist = self.home / 'sdist'

    def fingerprint(self):
        """:returns: a hash of all that decides what is installed."""
        parts = hashlib.sha256(platform.python_version().encode())
        for path in (self.constraints, tools.ROOT / 'requirements.txt',
                     tools.ROOT / 'test-requirements.txt'):
            if path.exists():
                parts.update(path.read_bytes())
        return parts.hexdigest()

    def prepare(self):
        """Make whatever is missing, but for the grafted tree."""
        self.make_venv()
        self.unpack()
        self.install()

    def make_venv(self):
        """Make the virtual environment, unless it fits already."""
        stamp = self.venv / 'fingerprint'
        if stamp.exists() and stamp.read_text() == self.fingerprint():
            return
        print(f'Making the environment for Nova {self.base} with Python '
              f'{platform.python_version()}; this takes a few minutes.',
              flush=True)
        shutil.rmtree(self.venv, ignore_errors=True)
        process.run([sys.executable, '-m', 'venv', self.venv])
        # What builds upstream's source distribution.
        self.pip('install', 'pip', 'setuptools', 'pbr', 'wheel')

    def pip(self, verb, *arguments):
        process.run([
            self.python, '-m', 'pip', verb, '--quiet',
            '--disable-pip-version-check', '-c', self.constraints,
            *arguments])

    def install(self):
        """Install Nova, placement and what tests need, once."""
        stamp = self.venv / 'fingerprint'
        if stamp.exists():
            return
        requirements = []
        for path in (tools.ROOT / 'requirements.txt',
                     tools.ROOT / 'test-requirements.txt',
                     self.plain / 'test-requirements.txt'):
            if path.exists():
                requirements += ['-r', path]
        self.pip('install', f'nova=={self.base}', 'openstack-placement',
                 *requirements)
        process.run([self.python, '-m', 'pip', 'check'])
        stamp.write_text(self.fingerprint())

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
        process.run([self.python, '-m', 'compileall', '-q', '-j', '2',
                     'nova'], cwd=source)
        source.rename(target)
        scratch.rmdir()

    def graft(self):
        """Join the fork, as the checkout has it now, to the source."""
        # A fresh tree each time; a file that was deleted in the checkout
        # must not go on being tested.
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(self.plain, self.tree, symlinks=True)
        process.run([self.python, '-m', 'graft', self.tree], cwd=tools.ROOT)

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
        return process.environment(**extra)
