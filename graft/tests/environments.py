# SPDX-License-Identifier: Apache-2.0
"""Virtual environments to install into, for test_install."""

import base64
import csv
import hashlib
import os
import pathlib
import subprocess
import sys

from graft import plan
from graft import requirements
from graft import wheels

BASES = ('34.0.0', '31.3.1')
# All that a build reads of a checkout.
PARTS = ('graft', 'nova', 'pyproject.toml', 'requirements.txt', 'setup.cfg',
         'setup.py')
#: How the lines begin that name requirements which may be left out.
SOFT = tuple(b'Requires-Dist: ' + name.encode() for name in requirements.SOFT)


class Failed(Exception):
    """A command ended with another status than it should."""


class Environment:
    """A virtual environment."""

    def __init__(self, folder, python=sys.executable):
        self.folder = pathlib.Path(folder)
        run(python, '-m', 'venv', str(folder))
        self.python = str(self.folder / 'bin' / 'python')

    @property
    def site(self):
        """Its site-packages."""
        return next(self.folder.glob('lib/python3*/site-packages'))

    def pip(self, *arguments, **variables):
        """Run pip, with `variables` in its environment; see `run`."""
        return run(self.python, '-m', 'pip', *arguments,
                   PIP_DISABLE_PIP_VERSION_CHECK='1', **variables)

    def install(self, *arguments, **variables):
        """Install without requirements, which takes seconds."""
        return self.pip('install', '--no-deps', '--no-compile', *arguments,
                        **variables)

    def info(self):
        """The folder of Nova's metadata."""
        return wheels.dist_info(self.site)

    def version(self):
        """Nova's version, as pip shows it."""
        lines = self.pip('show', 'nova').splitlines()
        return next(line.partition(': ')[2] for line in lines
                    if line.startswith('Version: '))

    def files(self):
        """Nova's files as its RECORD lists them, a digest by name.

        Without bytecode, what pip says about the installation itself, and
        the requirements that are left out where they cannot be had.

        :raises Failed: when a file is not as RECORD says
        """
        found = {}
        text = (self.info() / 'RECORD').read_text('utf-8')
        for name, digest, size in csv.reader(text.splitlines()):
            content = (self.site / name).read_bytes()
            if digest and (digest, int(size)) != (_digest(content),
                                                  len(content)):
                raise Failed('%s is not as RECORD has it' % name)
            if name.endswith('/METADATA'):
                content = b'\n'.join(line for line in content.splitlines()
                                     if not line.startswith(SOFT))
            if not name.endswith(('.pyc', '/RECORD', '/direct_url.json')):
                # Scripts name the environment in their first line.
                found[name] = _digest(content.replace(
                    str(self.folder).encode(), b''))
        return found

    def unrecorded(self):
        """Files in the package that nothing would ever remove."""
        listed = set(self.files())
        return {path.relative_to(self.site).as_posix()
                for path in self.site.glob('nova/**/*')
                if path.is_file() and path.suffix != '.pyc'} - listed


def _digest(content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return 'sha256=' + digest.decode().rstrip('=')


def run(*command, **variables):
    """Run a command; return what it printed.

    :raises Failed: when it ends with another status than 0
    """
    environment = {name: value for name, value in os.environ.items()
                   if name not in ('PYTHONPATH', 'NOVA_BASE')}
    environment.update(variables)
    done = subprocess.run(
        [str(part) for part in command], env=environment, cwd='/',
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, timeout=1800)
    if done.returncode:
        raise Failed(done.stdout)
    return done.stdout


def dev_wheel(wheel, folder, version):
    """A wheel as an image has it: of a version that no index knows."""
    root = pathlib.Path(folder, 'dev')
    wheels.unpack(str(wheel), root)
    old = wheels.dist_info(root)
    data = root / (old.name[:-len('dist-info')] + 'data')
    data.rename(root / ('nova-%s.data' % version))
    path = old / 'METADATA'
    text = path.read_text('utf-8')
    path.write_text(text.replace('\nVersion: 34.0.0\n',
                                 '\nVersion: %s\n' % version), 'utf-8')
    old.rename(root / ('nova-%s.dist-info' % version))
    return pathlib.Path(folder) / wheels.pack(root, folder)


def constraints(base):
    """What the tests of a base are pinned to, as pip's arguments."""
    folder = plan.CHECKOUT / 'constraints'
    return [word for path in folder.glob(base.partition('.')[0] + '-*.txt')
            for word in ('-c', str(path))]
