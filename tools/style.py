# SPDX-License-Identifier: Apache-2.0
"""The style checks: flake8 with OpenStack's rules, and our own."""

import subprocess

from toolbox import commands
import tools
from tools import borrowed
from tools import imports
from tools import pages
from tools import results
from tools import shape

#: Where source code of ours lies.
PLACES = ('nova', 'graft', 'cloud', 'lab', 'toolbox', 'tools', 'bench',
          'client')


def tracked(*suffixes):
    """:returns: the paths of the checkout's own files that end so

    Files that are not committed yet count, ignored ones do not. Without git
    (an unpacked archive) everything in PLACES counts.
    """
    listing = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others',
         '--exclude-standard'],
        cwd=tools.ROOT, capture_output=True)
    if listing.returncode == 0:
        names = listing.stdout.decode().split('\0')
        paths = [tools.ROOT / name for name in names if name]
    else:
        paths = [path for place in PLACES
                 for path in (tools.ROOT / place).rglob('*')]
    return sorted(path for path in set(paths)
                  if path.is_file() and path.name.endswith(suffixes)
                  and not path.is_relative_to(tools.STATE))


def flake8(env):
    """:returns: flake8's findings, in one, since it prints them itself"""
    places = [place for place in PLACES if (tools.ROOT / place).is_dir()]
    code, output = commands.run_and_read(
        [env.python, '-m', 'flake8', *places], cwd=tools.ROOT)
    return [f'{len(output.splitlines())} lines as above'] if code else []


def samples(env):
    """:returns: what is stale in etc/nova"""
    code, output = commands.run_and_read(
        [env.python, '-m', 'tools.samples', '--check'], cwd=tools.ROOT)
    return output.splitlines() if code else []


def run(env):
    """Make every check.

    :param env: an environment.Environment that is prepared
    :returns: results.Results, one test per check
    """
    sources = tracked('.py')
    texts = tracked('.py', '.sh', '.txt', '.cfg', '.ini', '.rst', '.toml',
                    '.yaml', '.json', '.sample', '.conf', 'run')
    texts_of_pages = tracked('.rst')
    checks = {
        'style.flake8': lambda: flake8(env),
        'style.module_length': lambda: shape.long_modules(sources),
        'style.class_size': lambda: shape.large_classes(sources),
        'style.function_length': lambda: shape.long_functions(sources),
        'style.spdx': lambda: shape.without_spdx(sources),
        'style.python38': lambda: shape.newer_syntax(sources),
        'style.paths': lambda: shape.machine_paths(texts),
        'style.import_direction': lambda: imports.upward(sources),
        'style.import_cycles': lambda: imports.cycles(sources),
        'style.samples': lambda: samples(env),
        'style.api_samples': lambda: pages.api_samples(),
        'style.api_fields': lambda: pages.api_fields(),
        'style.log_messages': lambda: pages.log_messages(sources),
        'style.named_paths': lambda: pages.named_paths(texts_of_pages),
        'style.named_tests': lambda: pages.named_tests(
            texts_of_pages, sources),
        'style.borrowed': lambda: borrowed.find(sources, env.plain),
    }
    statuses = {}
    for name, check in checks.items():
        findings = check()
        statuses[name] = 'failed' if findings else 'passed'
        for finding in findings:
            print(f'{name}: {finding}')
    outcome = results.Results.from_statuses(statuses)
    print(f'style checks: {outcome.summary()}', flush=True)
    return outcome
