# SPDX-License-Identifier: Apache-2.0
"""The virtual environments of the lab.

One is the embedded cloud's with two more packages.  When the lab is to run
another release of Nova, that has one of its own and the first one serves for
the services around it.

The emulated host could read it over 9p, as it reads all else.  But starting
nova-compute opens thousands of small files, each of which takes several
messages there; from a file system image the same imports take half the time.
"""

import pathlib

from cloud import venv
from lab import errors
from toolbox import commands
from toolbox import process
from toolbox import stamp

# Drivers of the real database and the real hypervisor.
PACKAGES = ('PyMySQL', 'libvirt-python')
# Much more than an environment takes; the file has holes.
IMAGE_SIZE = '3G'
IMAGE = 'venv.img'
DEFAULT_BASE = venv.CLOUD.base


def ensure(checkout, home, say):
    """Make the environment, or bring it to this checkout's state.

    :param checkout: the repository, a pathlib.Path
    :param home: directory for it, a pathlib.Path
    :param say: called with a line before something slow
    :returns: its path
    :raises: toolbox.errors.Failure when pip fails
    """
    path = pathlib.Path(home) / 'venv'
    with process.Group() as group:
        made = venv.ensure(checkout, path, group, say)
        wanted = stamp.checksum(list(PACKAGES))
        if not made.is_done('lab', wanted):
            say('Building libvirt-python')
            made.step('lab', wanted, *PACKAGES)
    return path


def ensure_base(checkout, home, base, say):
    """The same for another release of Nova, which it alone is for.

    :param base: a release that there are constraints for
    :returns: its path
    :raises: toolbox.errors.Failure
    """
    contents = venv.Contents(base, ('cheroot', *PACKAGES), 'Nova ' + base)
    if not venv.constraints(checkout, contents)[0].exists():
        raise errors.LabError('There are no constraints for Nova %s: pin '
                              'what its series needs in constraints/.'
                              % base)
    path = pathlib.Path(home) / 'venv'
    path.parent.mkdir(exist_ok=True)
    with process.Group() as group:
        venv.ensure(checkout, path, group, say, contents=contents)
    return path


def image(home, say):
    """Make the image of the environment, unless it is up to date.

    :param home: as for the function that made the environment
    :returns: its path
    :raises: errors.LabError when it cannot be made
    """
    home = pathlib.Path(home)
    path, mark = home / IMAGE, home / (IMAGE + '.stamp')
    wanted = stamp.checksum(home / 'venv' / 'stamps')
    if not (path.exists() and stamp.is_done(mark, wanted)):
        say('Making an image of the virtual environment')
        path.unlink(missing_ok=True)
        commands.output(['mke2fs', '-q', '-t', 'ext4', '-m', '0',
                     '-O', '^has_journal', '-d', home / 'venv', path,
                     IMAGE_SIZE])
        stamp.done(mark, wanted)
    return path
