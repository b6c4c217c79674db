# SPDX-License-Identifier: Apache-2.0
"""Programs that are run to their end."""

import collections
import os
import shlex
import subprocess

from toolbox import errors

#: How much of a program's output is kept for those who ask for it.
KEPT_LINES = 200
#: Characters of a failed program's output that its error shows.
SHOWN = 3000
#: What is reached without a proxy, whatever the user has set.
LOOPBACK = '127.0.0.1,localhost'
#: Variables of the user's that would make a program import another Nova,
#: another environment's packages, or talk to another cloud.
FOREIGN = ('PYTHON', 'OS_', 'VIRTUAL_ENV')


def environment(**extra):
    """The environment of a program that we start.

    :param extra: variables to set
    :returns: dict
    """
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(FOREIGN)}
    kept.update(PYTHONNOUSERSITE='1', PYTHONUNBUFFERED='1')
    for name in ('NO_PROXY', 'no_proxy'):
        kept[name] = ','.join(filter(None, [os.environ.get(name), LOOPBACK]))
    kept.update(extra)
    return kept


def _words(command):
    return [str(part) for part in command]


def show(command):
    """Print a command as one would type it."""
    print('+', shlex.join(_words(command)), flush=True)


def output(command, timeout=600, cwd=None, env=None, errors_too=True):
    """Run a program to its end and return what it printed.

    :param command: list of words
    :param timeout: seconds
    :param errors_too: whether what it prints on standard error is returned,
        too; it is always shown when the program fails
    :returns: str
    :raises: Failure when it is missing or fails, TimedOut
    """
    words = _words(command)
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors_too else subprocess.PIPE,
            timeout=timeout, cwd=cwd, text=True, errors='replace',
            env=environment() if env is None else env)
    except FileNotFoundError:
        raise errors.Failure('%s: no such program.' % words[0])
    except subprocess.TimeoutExpired:
        raise errors.TimedOut('%s took longer than %d s.'
                              % (shlex.join(words), timeout))
    if done.returncode:
        said = done.stdout + (done.stderr or '')
        raise errors.Failure('%s failed (exit code %d):\n%s' % (
            shlex.join(words), done.returncode, said[-SHOWN:].strip()))
    return done.stdout


def run(command, cwd=None, env=None):
    """Show a command and run it, its output on ours.

    :raises: Failure when it fails
    """
    show(command)
    code = subprocess.run(
        _words(command), cwd=cwd, stdin=subprocess.DEVNULL,
        env=environment() if env is None else env).returncode
    if code:
        raise errors.Failure(
            '%s ended with status %d; its output above says why.'
            % (shlex.join(_words(command)), code))


def run_and_read(command, cwd=None, env=None):
    """Run a program, pass its output on and keep the end of it.

    :returns: (exit status, the last lines of its output)
    """
    show(command)
    kept = collections.deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
            _words(command), cwd=cwd, stdin=subprocess.DEVNULL,
            env=environment() if env is None else env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors='replace') as child:
        for line in child.stdout:
            print(line, end='', flush=True)
            kept.append(line)
    return child.returncode, ''.join(kept)


def pipe(producer, consumer, producer_options, consumer_options):
    """Run two programs, the first one's output into the second.

    :param producer: list of words
    :param consumer: list of words
    :param producer_options: dict of options of subprocess.Popen
    :param consumer_options: the same
    :returns: the exit status of each
    """
    show(producer)
    with subprocess.Popen(
            _words(producer), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, **producer_options) as first:
        with subprocess.Popen(
                _words(consumer), stdin=first.stdout,
                **consumer_options) as second:
            first.stdout.close()
    return first.returncode, second.returncode
