# SPDX-License-Identifier: Apache-2.0
"""Finds text of upstream Nova's in the fork's files.

The repository holds only what the fork adds, so several lines in a row that
are in upstream's source too are a mistake.
"""

import re

import tools

#: So many lines in a row are no coincidence any more.
RUN = 6
#: Lines that any two Python files share.
TRIVIAL = re.compile(
    r'^(\W*|#.*|import .*|from .* import .*|else:|try:|return|pass|'
    r'finally:|self,|super\(.*|"""|LOG = .*|CONF = .*)$')


def lines_of(path):
    """:returns: list of (line number, stripped line) that say something"""
    text = path.read_text(errors='replace')
    return [(number, line.strip())
            for number, line in enumerate(text.splitlines(), 1)
            if not TRIVIAL.match(line.strip())]


def runs_of(path):
    """Yield (line number, hash) for each run of lines of a file."""
    lines = lines_of(path)
    for start in range(len(lines) - RUN + 1):
        part = lines[start:start + RUN]
        yield part[0][0], hash('\n'.join(line for _, line in part))


def find(paths, upstream):
    """:param paths: the fork's Python files

    :param upstream: directory with upstream's source
    :returns: a finding for each file that repeats upstream's text
    """
    own = {}
    for path in paths:
        for number, value in runs_of(path):
            own.setdefault(value, (path, number))
    findings = {}
    for path in upstream.glob('nova/**/*.py'):
        for number, value in runs_of(path):
            if value in own:
                mine, line = own[value]
                findings.setdefault(
                    mine, f'{mine.relative_to(tools.ROOT)}:{line}: {RUN} '
                    f'lines as in {path.relative_to(upstream)}:{number}')
    return sorted(findings.values())
