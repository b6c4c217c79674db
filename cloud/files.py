# SPDX-License-Identifier: Apache-2.0
"""Files that the cloud writes: configuration as oslo.config reads it."""

import os


def text(sections):
    """Format a configuration.

    :param sections: dict of section name to dict of option to value; a
        list as value gives the option once for each item
    :returns: str
    """
    lines = []
    for section, options in sections.items():
        lines.append('[%s]' % section)
        for option, value in options.items():
            values = value if isinstance(value, list) else [value]
            # A dollar sign would be taken for a reference to an option.
            lines.extend('%s = %s' % (option, str(one).replace('$', '$$'))
                         for one in values)
        lines.append('')
    return '\n'.join(lines)


def write_private(path, content):
    """Write a file that only its owner can read.

    :param path: where to, a pathlib.Path
    :param content: str
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, 'w') as target:
        target.write(content)


def write(path, sections):
    """Write a configuration; it holds passwords.

    :param path: where to, a pathlib.Path
    :param sections: as for :func:`text`
    """
    write_private(path, text(sections))
