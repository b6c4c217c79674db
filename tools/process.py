# SPDX-License-Identifier: Apache-2.0
"""Running other programs."""

import collections
import os
import shlex
import subprocess

import tools

#: How much of a program's output is kept for those who ask for it.
KEPT_LINES = 200


def environment(**extra):
    """:returns: the variables for a child process.

    Whatever would make the child import another Nova, or another
    environment's packages, is left out.
    """
    variables = {
        name: value for name, value in os.environ.items()
        if not name.startswith(('PYTHON', 'OS_', 'VIRTUAL_ENV'))
    }
    variables.update(extra)
    return variables


def show(command):
    """Print a command as one would type it."""
    print('+', shlex.join(str(part) for part in command), flush=True)


def run(command, cwd=None, env=None):
    """Run a program to its end, its output on ours.

    :raises tools.ToolError: when it fails
    """
    show(command)
    code = subprocess.run(
        [str(part) for part in command], cwd=cwd,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL).returncode
    if code:
        raise tools.ToolError(
            f'{shlex.join(str(part) for part in command)} ended with status '
            f'{code}; its output above says why.')


def run_and_read(command, cwd=None, env=None):
    """Run a program, pass its output on and keep the end of it.

    :returns: (exit status, the last lines of its output)
    """
    show(command)
    kept = collections.deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
            [str(part) for part in command], cwd=cwd,
            env=environment() if env is None else env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors='replace') as child:
        for line in child.stdout:
            print(line, end='', flush=True)
            kept.append(line)
    return child.returncode, ''.join(kept)


def pipe(producer, consumer, producer_options, consumer_options):
    """Run two programs, the first one's output into the second.

    :returns: the exit status of each
    """
    show(producer)
    with subprocess.Popen(
            [str(part) for part in producer], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, **producer_options) as first:
        with subprocess.Popen(
                [str(part) for part in consumer], stdin=first.stdout,
                **consumer_options) as second:
            first.stdout.close()
    return first.returncode, second.returncode
