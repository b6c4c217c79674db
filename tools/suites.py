# SPDX-License-Identifier: Apache-2.0
"""The suites of tests, and how each is run."""

import os
import shutil
import sys
import time

from toolbox import commands
import tools
from tools import results

#: Processes that run tests side by side: one more than there are processors,
#: since a test also waits.
WORKERS = (os.cpu_count() or 1) + 1
#: What --quick runs of the functional tests on another than the default
#: base: some of each thing that Nova does otherwise from release to release.
QUICK = '|'.join((
    r'test_usb_attach\.AttachTest\.test_(attach_show|stopped|paused|delete)',
    r'test_usb_api\.RolesTest\.test_member',
    r'test_usb_lifecycle\.\w+\.test_(resize_revert|evacuate$|shelve_unshelve)',
    r'test_usb_libvirt\.LibvirtUsbTest\.test_(attach_a|hard_reboot|stop_a)',
    r'test_usb_manage\.DbCommandsTest\.',
    r'test_usb_placement\.PlacementTest\.test_(scheduled|live_attach)',
    r'test_usb_snapshot\.\w+\.test_replugged',
))
#: Where selected.py is copied to, in a tree.
SELECTION = 'fork_tests'
#: Packages of ours outside of nova/ that may have tests, in `tests`.
STANDALONE = ('bench', 'cloud', 'graft', 'lab', 'toolbox', 'tools')
#: Tests that install the fork with pip: minutes, and the network.
INSTALL_TESTS = ('graft.tests.test_install', 'graft.tests.test_kolla')


def own_modules(kind):
    """:param kind: 'unit' or 'functional'

    :returns: the dotted names of the fork's own test modules
    """
    start = tools.ROOT / 'nova' / 'tests' / kind
    return sorted(
        '.'.join(path.relative_to(tools.ROOT).with_suffix('').parts)
        for path in start.rglob('test_*.py'))


def standalone_modules(packages=STANDALONE):
    """:returns: the dotted names of the test modules beside nova/"""
    found = []
    for package in packages:
        for path in (tools.ROOT / package).glob('tests/**/test_*.py'):
            relative = path.relative_to(tools.ROOT)
            found.append('.'.join(relative.with_suffix('').parts))
    return sorted(set(found) - set(INSTALL_TESTS))


def run_modules(env, top, modules, regex=None, label='', names=None,
                **variables):
    """Run the named modules with stestr and say what came out.

    :param env: an environment.Environment
    :param top: the directory that the names are relative to
    :param regex: only tests whose name it is found in
    :param names: only these tests, if given
    :returns: results.Results
    """
    if not modules:
        print(f'{label}: there are none', flush=True)
        return results.Results()
    # Nothing is written into the checkout.
    discovered = top if top == env.tree else env.home / 'beside'
    selection = discovered / SELECTION
    shutil.rmtree(selection, ignore_errors=True)
    selection.mkdir(parents=True)
    (selection / '__init__.py').touch()
    shutil.copy(tools.ROOT / 'tools' / 'selected.py',
                selection / 'test_selected.py')
    variables.update(FORK_TEST_MODULES=':'.join(modules),
                     PYTHONPATH=str(top))
    try:
        return stestr(env, discovered, selection, regex=regex, names=names,
                      label=label, variables=variables)
    finally:
        shutil.rmtree(selection)


def stestr(env, top, path, regex=None, names=None, label='', variables=()):
    """Run what stestr discovers at a path.

    :param names: run only these tests, if given
    :returns: results.Results
    """
    command = [env.venv / 'bin' / 'stestr', '--top-dir', top,
               '--test-path', path, 'run', '--subunit',
               '--concurrency', WORKERS]
    if names is not None:
        listed = env.home / 'names'
        listed.write_text(''.join(f'{name}\n' for name in names))
        command += ['--load-list', listed]
    if regex:
        command.append(regex)
    out = env.home / 'results.json'
    out.unlink(missing_ok=True)
    began = time.monotonic()
    code, _ = commands.pipe(
        command, [env.python, '-m', 'tools.stream', out],
        {'cwd': top, 'env': {**env.variables(), **dict(variables)}},
        {'cwd': tools.ROOT, 'env': commands.environment()})
    outcome = results.Results.load(out) if out.exists() else results.Results()
    nothing_fits = regex and code == 1 and not outcome.statuses
    if code and not outcome.failed and not nothing_fits:
        # For instance a module of upstream's that cannot be imported.
        print(f'FAILED {label}: the runner ended with status {code}')
        outcome.failed += 1
    print(f'{label}: {outcome.summary()} in '
          f'{time.monotonic() - began:.0f} s', flush=True)
    return outcome


def run_own(env, kind, regex=None):
    """Run the fork's unit or functional tests in the grafted tree."""
    return run_modules(env, env.tree, own_modules(kind), regex,
                       f'{kind} tests')


def run_standalone(env, regex=None):
    """Run the tests of graft/, cloud/, lab/ and the like.

    Those of graft/ on each base's Python, which it runs on; the others run
    on that of the default base alone.
    """
    packages = STANDALONE if env.is_default else ('graft',)
    return run_modules(env, tools.ROOT, standalone_modules(packages), regex,
                       'tests beside nova/',
                       GRAFT_TEST_TREES=str(env.plain))


def run_install(env):
    """Run the tests that install the fork with pip.

    On another base than the default one: what a container of its does.
    """
    modules = INSTALL_TESTS if env.is_default else INSTALL_TESTS[1:]
    return run_modules(env, tools.ROOT, modules, None,
                       'installation tests', GRAFT_TEST_INSTALL='1',
                       GRAFT_TEST_BASE=str(env.home))


def run_lab(base):
    """Run the lab, which prints a summary of its own.

    :param base: the release of Nova that it is to run
    """
    code, output = commands.run_and_read(
        [sys.executable, '-m', 'lab', '--base', base], cwd=tools.ROOT)
    outcome = results.Results.from_output(output)
    if outcome is None:
        outcome = results.Results(passed=int(not code), failed=int(code != 0))
    elif code and not outcome.failed:
        outcome.failed += 1
    return outcome
