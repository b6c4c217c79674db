# SPDX-License-Identifier: Apache-2.0
"""Runs upstream's own tests to see what the graft broke.

The grafted tree goes first, a piece after the other. Only what failed there
is run in plain upstream, too. Each piece's outcome is kept: a run that is
cut off goes on where it was, as long as neither the fork nor the environment
has changed.
"""

import hashlib

import tools
from tools import results
from tools import suites

#: Test modules of one piece: some minutes of unit tests.
PIECE = 40
#: What a module that cannot be imported is called, see tools.selected.
IMPORT = '.import'


def modules(env, kind):
    """:returns: the dotted names of upstream's test modules"""
    start = env.plain / 'nova' / 'tests' / kind
    return sorted(
        '.'.join(path.relative_to(env.plain).with_suffix('').parts)
        for path in start.rglob('test_*.py'))


def pieces(names, size=PIECE):
    """:returns: list of lists of names"""
    return [names[start:start + size]
            for start in range(0, len(names), size)]


def state_of_the_fork():
    """:returns: a hash of what the grafted tree is made from"""
    digest = hashlib.sha256()
    for folder in ('nova', 'graft'):
        for path in sorted((tools.ROOT / folder).rglob('*.py')):
            digest.update(str(path.relative_to(tools.ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Store:
    """Outcomes that are kept.

    :param folder: where
    :param state: text; what they are good for
    """

    def __init__(self, folder, state):
        self.folder = folder
        self.state = state

    def get(self, names, regex, run):
        """Recall an outcome, or run and remember it.

        :param run: callable, returns results.Results
        """
        key = hashlib.sha256(
            '\0'.join([self.state, regex, *names]).encode()).hexdigest()
        path = self.folder / f'{key[:24]}.json'
        if path.exists():
            return results.Results.load(path)
        outcome = run()
        complete = outcome.passed + outcome.failed + outcome.skipped
        if complete == len(outcome.statuses):
            self.folder.mkdir(parents=True, exist_ok=True)
            scratch = path.with_suffix('.new')
            outcome.save(scratch)
            scratch.rename(path)
        return outcome


def run_grafted(env, kind, regex, store):
    """Run all pieces in the grafted tree.

    :returns: results.Results
    """
    total = results.Results()
    parts = pieces(modules(env, kind))
    for number, names in enumerate(parts, 1):
        label = f'upstream {kind} tests, piece {number} of {len(parts)}'
        outcome = store.get(names, regex, lambda: suites.run_modules(
            env, env.tree, names, regex, label))
        total.add(outcome)
        print(f'{label}: so far {total.summary()}', flush=True)
    return total


def modules_of(names, known):
    """:returns: the modules of known that the tests are in, sorted"""
    found = set()
    for name in names:
        stem = name[:-len(IMPORT)] if name.endswith(IMPORT) else name
        found.update(module for module in known
                     if stem == module or stem.startswith(module + '.'))
    return sorted(found)


def compare(plain, grafted):
    """:returns: the sorted names of the tests that the graft broke

    That is, which fail in the grafted tree and do not in plain upstream,
    where the others of their modules were run.
    """
    return sorted(name for name in grafted.named('failed')
                  if plain.statuses.get(name) != 'failed')


def again(env, top, failed, known, label):
    """Run tests that failed, in one of the trees."""
    return suites.run_modules(
        env, top, modules_of(failed, known), label=label,
        names=None if any(name.endswith(IMPORT) for name in failed)
        else failed)


def run(env, kind, regex):
    """Run upstream's tests matching regex and see what the graft broke.

    :param kind: 'unit' or 'functional'
    :returns: results.Results: failed are those which the graft broke
    """
    store = Store(env.home / 'upstream',
                  f'{kind} {env.fingerprint()} {state_of_the_fork()}')
    grafted = run_grafted(env, kind, regex, store)
    failed = grafted.named('failed')
    known = modules(env, kind)
    plain = results.Results()
    if failed:
        plain = again(env, env.plain, failed, known,
                      'what failed, without the fork')
    broken = compare(plain, grafted)
    flaky = []
    if broken:
        second = again(env, env.tree, broken, known, 'second run')
        flaky = [name for name in broken
                 if second.statuses.get(name, 'failed') != 'failed']
        broken = [name for name in broken if name not in flaky]
    return report(plain, grafted, broken, flaky)


def report(plain, grafted, broken, flaky):
    """Print what came out.

    :returns: results.Results
    """
    print(f'grafted: {grafted.summary()}')
    for name in grafted.named('failed'):
        if plain.statuses.get(name) == 'failed':
            print(f'fails without the fork, too: {name}')
    for name in flaky:
        print(f'failed once, passed when run again: {name}')
    for name in broken:
        print(f'BROKEN by the graft: {name}')
    # A failure that is not a test's: the runner did not come to its end.
    lost = grafted.failed - len(grafted.named('failed'))
    return results.Results(
        passed=grafted.passed, failed=len(broken) + lost,
        skipped=grafted.skipped)
