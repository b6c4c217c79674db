# SPDX-License-Identifier: Apache-2.0
"""Runs the same on several releases of Nova, one after the other."""

import dataclasses
import sys
import time

from toolbox import errors
import tools
from tools import releases
from tools import results

#: What --base takes for all that are named in the documentation.
ALL = 'all'


def chosen(text):
    """:param text: the argument of --base: a release, several with commas

    :returns: the releases, at least one
    """
    if text == releases.NEXT:
        return [releases.newest()]
    names = releases.NAMED if text == ALL else text.split(',')
    return list(dict.fromkeys(name.strip() for name in names))


@dataclasses.dataclass
class Row:
    """What came out on one release."""

    base: str
    python: str
    outcome: results.Results
    seconds: float
    error: str = ''

    def text(self):
        """:returns: the row of the table"""
        said = self.error or self.outcome.summary()
        return (f'{self.base:<8} Python {self.python:<8} '
                f'{self.seconds:5.0f} s  {said}')


def attempt(base, run):
    """Run on one release; a failure to run is an outcome, too.

    :param run: callable(base), returns results.Results
    :returns: Row
    """
    print(f'\n=== Nova {base}', flush=True)
    began = time.monotonic()
    error = ''
    try:
        outcome = run(base)
    except errors.Failure as reason:
        print(reason, file=sys.stderr)
        outcome = results.Results(failed=1)
        error = f'not run: {reason}'.splitlines()[0]
    try:
        python = releases.python_for(releases.of(base))[1]
    except tools.ToolError:
        python = '-'
    return Row(base, python, outcome, time.monotonic() - began, error)


def run_all(bases, run):
    """Run on each of the releases and print a table at the end.

    :param run: callable(base), returns results.Results
    :returns: results.Results of all; names carry the release
    """
    rows = [attempt(base, run) for base in bases]
    total = results.Results()
    for row in rows:
        named = {f'{row.base} {name}': status
                 for name, status in row.outcome.statuses.items()}
        total.add(dataclasses.replace(row.outcome, statuses=named))
    print('\nNova     on')
    for row in rows:
        print(row.text(), flush=True)
    return total
