# SPDX-License-Identifier: Apache-2.0
"""Builds the documentation and the release notes, as upstream builds them.

Sphinx runs in the environment of the tests. Options and policies on the pages
are read from the code, through the entry points that also make the samples in
etc/nova. Any warning is an error. The pages are written below .tests/docs.
"""

import os
import re
import shutil

from toolbox import commands
from toolbox import errors
from toolbox import stamp
import tools
from tools import results
from tools import samples

#: What a build is called, and the directory of its source.
BUILDS = {
    'docs.html': 'doc/source',
    'docs.releasenotes': 'releasenotes/source',
}
#: The requirements of Sphinx and its extensions, and their versions.
REQUIREMENTS = tools.ROOT / 'doc' / 'requirements.txt'
CONSTRAINTS = tools.ROOT / 'constraints' / 'docs.txt'
OUTPUT = tools.STATE / 'docs'


def install(env):
    """Install Sphinx and its extensions into the environment, once.

    :param env: an environment.Environment that is prepared
    :raises: toolbox.errors.Failure when pip fails
    """
    wanted = stamp.checksum(REQUIREMENTS, CONSTRAINTS)
    mark = env.venv / 'stamps' / 'docs'
    if not stamp.is_done(mark, wanted):
        env.pip('install', '--constraint', CONSTRAINTS, '-r', REQUIREMENTS)
        stamp.done(mark, wanted)


def variables():
    """:returns: the environment variables that Sphinx runs with"""
    # stevedore remembers entry points, and notices a change of the files
    # only after two minutes.
    cache = OUTPUT / 'cache'
    shutil.rmtree(cache, ignore_errors=True)
    return commands.environment(
        PYTHONPATH=os.pathsep.join([str(samples.ENTRY_POINTS),
                                    str(tools.ROOT)]),
        XDG_CACHE_HOME=str(cache))


def build(env, name):
    """Build one set of pages anew.

    :param env: an environment.Environment that is prepared
    :param name: a key of BUILDS
    :returns: 'passed' when Sphinx had nothing to complain about, 'failed', or
        'skipped'
    """
    if name == 'docs.releasenotes' and not (tools.ROOT / '.git').exists():
        print(f'{name}: left out, because reno reads the history and this '
              f'is no git checkout')
        return 'skipped'
    pages = OUTPUT / name.split('.')[1]
    shutil.rmtree(pages, ignore_errors=True)
    try:
        commands.run([
            env.python, '-m', 'sphinx', '-W', '--keep-going', '-q', '-E',
            '-b', 'html', '-d', OUTPUT / 'doctrees' / name,
            tools.ROOT / BUILDS[name], pages],
            cwd=tools.ROOT, env=variables())
    except errors.Failure as error:
        print(f'{name}: {error}')
        return 'failed'
    print(f'{name}: {(pages / "index.html").relative_to(tools.ROOT)}')
    return 'passed'


def run(env, regex=None):
    """Build everything, or what the expression is found in the name of.

    :param env: an environment.Environment that is prepared
    :returns: results.Results, one test per build
    """
    chosen = [name for name in BUILDS if re.search(regex or '', name)]
    if chosen:
        install(env)
    outcome = results.Results.from_statuses(
        {name: build(env, name) for name in chosen})
    print(f'documentation: {outcome.summary()}', flush=True)
    return outcome
