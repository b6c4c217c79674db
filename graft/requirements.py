# SPDX-License-Identifier: Apache-2.0
"""What the fork needs beside upstream's requirements."""

import pathlib
import re

#: What a container that starts out of reach of an index can lack.
SOFT = ('pyudev',)
FILE = pathlib.Path(__file__).resolve().parent.parent / 'requirements.txt'


def ours():
    """The requirements of requirements.txt, without its comments."""
    lines = (line.partition('#')[0].strip()
             for line in FILE.read_text(encoding='utf-8').splitlines())
    return tuple(line for line in lines if line)


def hard():
    """Those without which nothing works."""
    return tuple(line for line in ours() if name_of(line) not in SOFT)


def soft():
    """Those that the fork does without where they cannot be had.

    Without pyudev a host is scanned from time to time only.
    """
    return tuple(line for line in ours() if name_of(line) in SOFT)


def name_of(requirement):
    """The name of the distribution in a requirement, in lower case."""
    return re.match(r'[\w.-]+', requirement).group().lower()
