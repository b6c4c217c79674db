# SPDX-License-Identifier: Apache-2.0
"""What is done already, so that a second start skips it.

A stamp is a file that holds the checksum of everything a step depended on.
It is written after the step has succeeded, so a start that was interrupted
does the step again.
"""

import hashlib
import json


def checksum(*parts):
    """A checksum of files and values.

    :param parts: a pathlib.Path stands for its name and content, a
        directory for all files in it; anything else for its JSON form
    :returns: str
    """
    total = hashlib.sha256()
    for part in parts:
        if hasattr(part, 'read_bytes'):
            for path in _files(part):
                name = str(path.relative_to(part.parent))
                total.update(name.encode() + b'\0')
                total.update(hashlib.sha256(path.read_bytes()).digest())
        else:
            total.update(json.dumps(part, sort_keys=True).encode() + b'\0')
    return total.hexdigest()


def _files(path):
    if not path.is_dir():
        return [path] if path.exists() else []
    return sorted(found for found in path.rglob('*')
                  if found.is_file() and '__pycache__' not in found.parts)


def is_done(path, wanted):
    """Whether a step was done with the same checksum.

    :param path: the stamp, a pathlib.Path
    :param wanted: what :func:`checksum` returned for it now
    :returns: bool
    """
    return path.exists() and path.read_text() == wanted


def done(path, reached):
    """Note that a step is done.

    :param path: the stamp, a pathlib.Path
    :param reached: what :func:`checksum` returned before the step
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(reached)
