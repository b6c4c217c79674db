# SPDX-License-Identifier: Apache-2.0
"""What the fork needs beside upstream's requirements."""

import pathlib

FILE = pathlib.Path(__file__).resolve().parent.parent / 'requirements.txt'


def ours():
    """The requirements of requirements.txt, without its comments."""
    lines = (line.partition('#')[0].strip()
             for line in FILE.read_text(encoding='utf-8').splitlines())
    return tuple(line for line in lines if line)
