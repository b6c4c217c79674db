# SPDX-License-Identifier: Apache-2.0
"""Runs upstream's own tests to see what the graft broke."""

import hashlib
import re

from tools import results
from tools import suites

#: The result of this expression answers every other one.
ALL = '.'


def own_test(name):
    """Whether a test is the fork's."""
    return any(name.startswith(f'{module}.')
               for kind in ('unit', 'functional')
               for module in suites.own_modules(kind))


def cache_file(env, kind, regex):
    """:returns: where the result of a run in the plain tree is kept"""
    key = hashlib.sha256(
        f'{env.fingerprint()} {regex}'.encode()).hexdigest()[:20]
    return env.home / 'plain-results' / f'{kind}-{key}.json'


def matching(outcome, regex):
    """:returns: the part of an outcome whose names fit"""
    return results.Results.from_statuses({
        name: status for name, status in outcome.statuses.items()
        if re.search(regex, name)})


def run_plain(env, kind, regex):
    """Run upstream's tests in upstream's source, or remember the result."""
    for known in (ALL, regex):
        path = cache_file(env, kind, known)
        if path.exists():
            print(f'plain tree: results of an earlier run ({path.name})')
            return matching(results.Results.load(path), regex)
    outcome = suites.stestr(
        env, env.plain, f'./nova/tests/{kind}', regex=regex,
        label='upstream tests, plain tree')
    if outcome.executed == len(outcome.statuses) - outcome.skipped > 0:
        path.parent.mkdir(exist_ok=True)
        outcome.save(path)
    return outcome


def compare(plain, grafted):
    """:returns: the sorted names of the tests that the graft broke

    That is, which plain upstream passes (or skips) and the grafted tree
    fails or has not.
    """
    return sorted(
        name for name, status in plain.statuses.items()
        if status != 'failed'
        and grafted.statuses.get(name, 'failed') == 'failed')


def run(env, kind, regex):
    """Run upstream's tests matching regex in both trees and compare.

    :param kind: 'unit' or 'functional'
    :returns: results.Results: failed are those which the graft broke
    """
    plain = run_plain(env, kind, regex)
    path = f'./nova/tests/{kind}'
    grafted = suites.stestr(env, env.tree, path, regex=regex,
                            label='upstream tests, grafted tree')
    broken = compare(plain, grafted)
    flaky = []
    if broken:
        print(f'{len(broken)} failed in the grafted tree alone. Again, '
              f'these alone:')
        again = suites.stestr(env, env.tree, path, names=broken,
                              label='second run')
        flaky = [name for name in broken
                 if again.statuses.get(name, 'failed') != 'failed']
        broken = [name for name in broken if name not in flaky]
    return report(plain, grafted, broken, flaky)


def report(plain, grafted, broken, flaky):
    """Print what came out.

    :returns: results.Results
    """
    theirs = results.Results.from_statuses({
        name: status for name, status in grafted.statuses.items()
        if not own_test(name)})
    print(f'plain:   {plain.summary()}')
    print(f'grafted: {theirs.summary()} (tests of the fork left out)')
    for name in plain.named('failed'):
        print(f'fails without the fork, too: {name}')
    for name in flaky:
        print(f'failed once, passed when run again: {name}')
    for name in broken:
        print(f'BROKEN by the graft: {name}')
    return results.Results(
        passed=theirs.passed, failed=len(broken), skipped=theirs.skipped)
