# SPDX-License-Identifier: Apache-2.0
"""Virtual environments, made once and brought up to date when they must."""

import shutil
import sys

from toolbox import commands
from toolbox import stamp

#: Seconds for one call of pip.
TIMEOUT = 1800


class Venv:
    """A virtual environment, and which steps of making it are done.

    A step is done as long as its stamp has the checksum that is asked for;
    the stamps lie in the environment and go with it.

    :param path: where it is, a pathlib.Path
    :param constraints: the files that pin every package
    :param group: process.Group that is to run pip, with its output in
        pip.log beside the environment; without one it is on ours
    """

    def __init__(self, path, constraints, group=None):
        self.path = path
        self.constraints = constraints
        self._group = group

    @property
    def python(self):
        """Its Python."""
        return self.path / 'bin' / 'python'

    def _mark(self, step):
        return self.path / 'stamps' / step

    def is_done(self, step, wanted):
        """Whether a step was done with the same checksum."""
        return stamp.is_done(self._mark(step), wanted)

    def done(self, step, reached):
        """Note that a step is done."""
        stamp.done(self._mark(step), reached)

    def _run(self, name, command):
        if self._group:
            self._group.run(name, command, self.path.parent / 'pip.log',
                            timeout=TIMEOUT)
        else:
            commands.run(command)

    def create(self, python=sys.executable):
        """Make it, empty but for pip; an older one is deleted.

        :param python: path of the Python that it is to run
        :raises: Failure
        """
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._run('venv', [python, '-m', 'venv', self.path])

    def pip(self, verb, *words):
        """Run pip with the constraints.

        :param verb: ``install``, ``download`` …
        :raises: Failure
        """
        pins = [word for pin in self.constraints
                for word in ('--constraint', pin)]
        self._run('pip ' + verb, [
            self.python, '-m', 'pip', verb, '--quiet',
            '--disable-pip-version-check', *pins, *words])

    def step(self, step, wanted, *words):
        """Install something, unless that was done.

        :param step: what to call it
        :param wanted: the checksum of all that it depends on
        :param words: what to give to ``pip install``
        :returns: whether something had to be done
        :raises: Failure
        """
        if self.is_done(step, wanted):
            return False
        self.pip('install', *words)
        self.done(step, wanted)
        return True
