# SPDX-License-Identifier: Apache-2.0
"""What the tests have to know about Nova's release series.

What the fork itself has to know of them is in nova/usb_compat.py, what its
tests have to know in nova/tests/usb_fixtures/compat.py.
"""

import dataclasses
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import typing

from toolbox import commands
import tools

#: One release of each series that is promised; `--base all` runs these.
NAMED = ('34.0.0', '33.0.2', '31.3.1', '29.4.0', '27.5.1', '25.3.0',
         '22.4.0')
#: The name of a series that is newer than all below; and what --base takes
#: for the newest release on the package index.
NEXT = 'next'
#: What a Python must have, asked of itself.
PROBE = 'import ensurepip, sqlite3, ssl, sys, venv; print(sys.version)'
#: Seconds that this may take.
PROBE_TIMEOUT = 60


@dataclasses.dataclass(frozen=True)
class Series:
    """One series.

    :ivar pythons: the minor versions of Python 3 that its pinned packages
        install on, the one to prefer first
    """

    number: int
    name: str
    pythons: typing.Tuple[int, ...]

    @property
    def constraints(self):
        """:returns: the paths of the files that pin its packages

        None for a series that is newer than all that were tried: what it
        needs may be newer, too.
        """
        path = tools.ROOT / 'constraints' / f'{self.number}-{self.name}.txt'
        return [path] if self.name != NEXT else []


#: Until 26.x a test requirement (Yappi 1.0) does not build on 3.11.
SERIES = {series.number: series for series in (
    Series(22, 'victoria', (8,)),
    Series(23, 'wallaby', (8,)),
    Series(24, 'xena', (8, 9)),
    Series(25, 'yoga', (8, 9)),
    Series(26, 'zed', (10, 9, 8)),
    Series(27, '2023.1', (10, 9, 8)),
    Series(28, '2023.2', (10, 11, 9, 8)),
    Series(29, '2024.1', (11, 10, 9)),
    Series(30, '2024.2', (12, 11, 10, 9)),
    Series(31, '2025.1', (12, 11, 10, 9)),
    Series(32, '2025.2', (12, 11, 13, 10)),
    Series(33, '2026.1', (12, 11, 13)),
    Series(34, '2026.2', (12, 11, 13)),
)}


def of(release):
    """:param release: a version of Nova, as text

    :returns: its Series
    :raises ToolError: when it is in none of those that the fork knows
    """
    match = re.fullmatch(r'(\d{2})\.\d+\.\d+(\.\d+)?((a|b|rc)\d+)?', release)
    number = int(match.group(1)) if match else 0
    series = SERIES.get(number)
    newest = SERIES[max(SERIES)]
    if number > newest.number:
        return dataclasses.replace(newest, number=number, name=NEXT)
    if series is None:
        raise tools.ToolError(
            f'{release!r} is no release of Nova that can be tested: name '
            f'one as X.Y.Z, with X from {min(SERIES)} to {max(SERIES)}; '
            f'tested regularly: {", ".join(NAMED)}.')
    return series


def newest():
    """:returns: the newest version of Nova on the index, candidates too

    :raises ToolError: when pip does not tell
    """
    said = commands.output([
        sys.executable, '-m', 'pip', 'index', 'versions', 'nova', '--pre',
        '--disable-pip-version-check'])
    match = re.search(r'^nova \(([^)]+)\)', said, re.MULTILINE)
    if not match:
        raise tools.ToolError(
            f'pip does not say which is the newest Nova: {said.strip()}; '
            f'name one with --base X.Y.Z.')
    return match.group(1)


def candidates(minor):
    """:returns: the paths at which a Python 3.<minor> may be"""
    name = f'python3.{minor}'
    folders = [folder for folder in os.environ.get('PATH', '').split(':')
               if folder]
    found = [pathlib.Path(folder, name) for folder in folders]
    home = pathlib.Path(os.environ.get('PYENV_ROOT')
                        or pathlib.Path.home() / '.pyenv')
    # The highest patch release first.
    found += sorted(
        home.glob(f'versions/3.{minor}.*/bin/{name}'), reverse=True,
        key=lambda path: [int(part) for part in re.findall(
            r'\d+', path.parts[-3])])
    return [path for path in found if os.access(path, os.X_OK)]


def version_of(python):
    """:returns: the version of a Python that can make environments, or None

    pyenv puts commands on the PATH for Pythons that it then refuses to run.
    """
    try:
        done = subprocess.run(
            [python, '-c', PROBE], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PROBE_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout.split()[0]


def python_for(series):
    """Find the Python that a series runs on.

    :returns: (path, version)
    :raises ToolError: when there is none; the text names what is missing
    """
    if series.number >= max(SERIES):
        # run_tests.sh has found one, or was given one, for this series.
        return pathlib.Path(sys.executable), platform.python_version()
    for minor in series.pythons:
        for path in candidates(minor):
            version = version_of(path)
            if version and version.startswith(f'3.{minor}.'):
                return path, version
    wanted = ' or '.join(f'3.{minor}' for minor in series.pythons)
    remedy = f'pyenv install 3.{series.pythons[0]}'
    if not shutil.which('pyenv'):
        remedy += ', or your distribution\'s packages'
    raise tools.ToolError(
        f'Nova {series.number}.x ({series.name}) needs Python {wanted} with '
        f'its venv, ensurepip, sqlite3 and ssl modules, and none is on the '
        f'PATH or among pyenv\'s versions. Install one: {remedy}.')
