# SPDX-License-Identifier: Apache-2.0
"""The build backend (PEP 517) that pyproject.toml names.

``pip install .`` makes the distribution nova, version
``<base>+usb.<ours>``: the base's wheel with our files and seams in it, with
upstream's metadata, entry points and requirements and our requirements.
Everything happens in a temporary folder; the checkout may be read-only.
"""

import configparser
import os
import pathlib
import sys
import tempfile

# The checkout may belong to somebody else: leave no bytecode in it.
sys.dont_write_bytecode = True

from graft import base  # noqa: E402
from graft import errors  # noqa: E402
from graft import plan as plans  # noqa: E402
from graft import release  # noqa: E402
from graft import requirements  # noqa: E402
from graft import wheels  # noqa: E402
from graft import write  # noqa: E402


def version():
    """The fork's own version, which setup.cfg holds."""
    parser = configparser.ConfigParser()
    parser.read(str(plans.CHECKOUT / 'setup.cfg'), encoding='utf-8')
    return parser['metadata']['version']


def get_requires_for_build_wheel(config_settings=None):
    """What pip has to fetch for a build: as a rule nothing."""
    return base.requirements()


def build_wheel(wheel_directory, config_settings=None,
                metadata_directory=None):
    """Build the fork's wheel.

    :returns: the name of the file made in `wheel_directory`
    :raises SystemExit: with one line that says what is wrong
    """
    try:
        with tempfile.TemporaryDirectory(prefix='nova-usb-') as folder:
            root = pathlib.Path(folder)
            origin = base.unpack(root)
            print('graft: the base is %s' % origin, file=sys.stderr)
            return fork(root, wheel_directory)
    except errors.GraftError as error:
        raise SystemExit('\n'.join('graft: ' + reason
                                   for reason in error.reasons))


def fork(root, folder):
    """Graft the unpacked wheel `root` and pack it into `folder`.

    :returns: the name of the file
    :raises graft.errors.GraftError: when it cannot be grafted
    """
    plan = plans.to_graft(root)
    if release.untried(plan.release):
        print('graft: Nova %s is newer than any that this fork was tried '
              'with; all seams fit' % plan.release, file=sys.stderr)
    write.apply(plan.steps)
    wheels.rename(root, release.fork_of(plan.release, version()),
                  _requirements())
    return wheels.pack(root, folder)


def _requirements():
    """What the wheel requires of ours: where it is installed it must start.

    What the fork does without is left out where it is not installed and no
    package index is in reach, as in a container's network of its own.
    """
    wanted = list(requirements.hard())
    for item in requirements.soft():
        if base.can_be_had(item):
            wanted.append(item)
        else:
            print('graft: %s is not installed and cannot be fetched, so it '
                  'is not required; USB devices are found by scans alone'
                  % item, file=sys.stderr)
    return wanted


def build_editable(wheel_directory, config_settings=None,
                   metadata_directory=None):
    """Refuse: the package would be of two folders.

    :raises SystemExit: always
    """
    raise SystemExit(
        'graft: this checkout holds only what is added to Nova and cannot be '
        'installed in editable mode; link it into a source tree of Nova '
        '(python -m graft TREE --link) and install that in editable mode')


def build_sdist(sdist_directory, config_settings=None):
    """Refuse: the version is known only where the base is.

    :raises SystemExit: always
    """
    raise SystemExit(
        'graft: there is no source archive of this fork: its git repository '
        'is the source; build a wheel (pip wheel --no-deps %s)' % os.curdir)
