# SPDX-License-Identifier: Apache-2.0
"""The virtual environment with the fork and the services it needs."""

import dataclasses
import sys
import typing

from toolbox import stamp
from toolbox import venv as toolbox_venv

# The services beside Nova, the client that people type into, and the
# server for their WSGI applications; versions are in the constraints.
PACKAGES = ('cheroot', 'glance', 'keystone', 'neutron', 'openstacksdk',
            'openstack-placement', 'python-openstackclient')
# Only with --libvirt: it is compiled here, against this machine's libvirt.
LIBVIRT = 'libvirt-python'
# What the fork's distribution is built from.
FORK = ('nova', 'graft', 'setup.py', 'setup.cfg', 'pyproject.toml',
        'requirements.txt')


@dataclasses.dataclass(frozen=True)
class Contents:
    """What an environment holds: the fork on a release, and packages."""

    base: str
    packages: typing.Tuple[str, ...]
    # For people.
    title: str


CLOUD = Contents('34.0.0', PACKAGES,
                 'Keystone, Placement, Glance and Neutron')


def constraints(checkout, contents=CLOUD):
    """The files that pin every package.

    :param checkout: the repository, a pathlib.Path
    :param contents: Contents
    :returns: list of pathlib.Path
    """
    folder = checkout / 'constraints'
    series = contents.base.partition('.')[0]
    pins = sorted(folder.glob(series + '-*.txt'))
    return [*(pins or [folder / (series + '.txt')]), folder / 'cloud.txt']


def wanted(checkout, path, contents=CLOUD):
    """The checksums that the environment's stamps should have.

    :param checkout: the repository, a pathlib.Path
    :param path: where the environment is, a pathlib.Path
    :param contents: Contents
    :returns: (of the packages, of them and the fork)
    """
    packages = stamp.checksum(sys.version, str(path),
                              list(contents.packages),
                              *constraints(checkout, contents))
    return packages, stamp.checksum(packages,
                                    *(checkout / name for name in FORK))


def is_current(checkout, path, libvirt):
    """Whether the environment is there and holds this checkout's state.

    :param libvirt: whether it must have libvirt's bindings too
    :returns: bool
    """
    packages, fork = wanted(checkout, path)
    made = toolbox_venv.Venv(path, constraints(checkout))
    return (made.is_done('fork', fork) and
            (not libvirt or made.is_done(LIBVIRT, packages)))


def ensure(checkout, path, group, say, libvirt=False, contents=CLOUD):
    """Make the environment, or bring it to this checkout's state.

    :param checkout: the repository, a pathlib.Path
    :param path: where the environment is, a pathlib.Path
    :param group: process.Group
    :param say: called with a line for the user before something slow
    :param libvirt: whether it must have libvirt's bindings too
    :param contents: Contents
    :returns: toolbox.venv.Venv
    :raises: Failure when pip fails
    """
    packages, fork = wanted(checkout, path, contents)
    made = toolbox_venv.Venv(path, constraints(checkout, contents), group)
    if not made.is_done('packages', packages):
        say('Making a virtual environment with %s; this takes minutes, once'
            % contents.title)
        made.create()
        made.step('packages', packages, *contents.packages,
                  'nova==' + contents.base)
    if not made.is_done('fork', fork):
        say('Installing Nova with USB from %s' % checkout)
        made.step('fork', fork, checkout)
    if libvirt and not made.is_done(LIBVIRT, packages):
        say("Compiling libvirt's Python bindings")
        made.step(LIBVIRT, packages, LIBVIRT)
    return made
