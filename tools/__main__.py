# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the fork: ./run_tests.sh [options] [REGEX]

Without options: style checks, the fork's unit tests, the tests beside nova/,
the client's unit tests and the fork's functional tests, on the default release
of Nova. The last line says how many passed, failed and were skipped.
"""

import argparse
import re
import sys

from toolbox import errors
import tools
from tools import bases
from tools import distributions
from tools import docs
from tools import environment
from tools import releases
from tools import results
from tools import style
from tools import suites
from tools import upgrade
from tools import upstream


def expression(text):
    """:returns: the text, when it is a regular expression"""
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a regular expression: {error}')
    return text


def parse(arguments):
    """:returns: the options of the command line"""
    parser = argparse.ArgumentParser(
        prog='run_tests.sh', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'regex', nargs='?', type=expression,
        help='only tests whose full name it is found in')
    parser.add_argument(
        '--base', default=tools.DEFAULT_BASE, metavar='RELEASES',
        help=f'the release of Nova to graft onto: any of '
             f'{min(releases.SERIES)}.x to {max(releases.SERIES)}.x, '
             f'several with commas, "next" for the newest on the package '
             f'index, or "all" for {", ".join(releases.NAMED)} '
             f'(default %(default)s)')
    parser.add_argument(
        '--quick', action='store_true',
        help='on other releases than the default one, of the functional '
             'tests only some that differ from release to release')
    for name, text in (
            ('style', 'the style checks'),
            ('unit', 'unit tests, and the tests beside nova/'),
            ('functional', "functional tests in Nova's own harness"),
            ('client', "client/: the client's unit tests, and its builds"),
            ('client-functional', 'the client against a cloud of ./run.sh'),
            ('install', 'tests that install the fork with pip: minutes'),
            ('docs', 'build the documentation and the release notes'),
            ('lab', 'the lab: emulated USB hardware; needs root')):
        parser.add_argument(f'--{name}', action='store_true', help=text)
    parser.add_argument(
        '--upgrade', action='store_true',
        help='upgrade a database with devices in it through '
             f'{", ".join(upgrade.PATH)}: SQLite, and PostgreSQL and MariaDB '
             'where they are installed')
    parser.add_argument(
        '--upstream', metavar='REGEX', type=expression,
        help="run upstream's tests with and without the fork and report "
             "what it broke; unit tests, or with --functional those")
    return parser.parse_args(arguments)


def run_own(env, options, everything):
    """:returns: the results.Results of the fork's own tests"""
    total = results.Results()
    # On the default base alone: the others lack what it takes.
    if env.is_default and (
            options.style or (everything and not options.regex)):
        total.add(style.run(env))
    if options.docs and env.is_default:
        total.add(docs.run(env, options.regex))
    if options.install:
        total.add(suites.run_install(env))
    if options.unit or options.functional or everything:
        env.graft()
    if options.unit or everything:
        total.add(suites.run_standalone(env, options.regex))
        total.add(suites.run_own(env, 'unit', options.regex))
    if options.functional or everything:
        some = suites.QUICK if options.quick and not env.is_default else None
        total.add(suites.run_own(env, 'functional', options.regex or some))
    if everything and env.is_default:
        total.add(distributions.run('client', options.regex))
    return total


def run_client(options):
    """:returns: the results.Results of the client's own options"""
    total = results.Results()
    if options.client:
        total.add(distributions.run('client', options.regex))
    if options.client_functional:
        total.add(distributions.run('client', options.regex,
                                    functional=True))
    return total


def run(options):
    """:returns: the results.Results of what the options ask for"""
    if options.upgrade:
        return upgrade.run()
    chosen = bases.chosen(options.base)
    if len(chosen) == 1:
        return run_on(chosen[0], options)
    return bases.run_all(chosen, lambda base: run_on(base, options))


def run_on(base, options):
    """:returns: the results.Results of one release of Nova"""
    total = results.Results()
    if options.lab:
        total.add(suites.run_lab(base))
    total.add(run_client(options))
    compare = options.upstream is not None
    chosen = (options.style or options.unit or options.functional
              or options.docs or options.install or compare)
    alone = options.lab or options.client or options.client_functional
    if alone and not chosen:
        return total
    env = environment.Environment(base)
    with env.locked():
        env.prepare()
        if compare:
            env.graft()
            kind = 'functional' if options.functional else 'unit'
            total.add(upstream.run(env, kind, options.upstream))
        else:
            total.add(run_own(env, options, everything=not chosen))
    return total


def main(arguments=None):
    """:returns: the exit status"""
    try:
        total = run(parse(arguments))
    except errors.Failure as error:
        print(error, file=sys.stderr)
        total = results.Results(failed=1)
    for name in total.named('failed'):
        print(f'failed: {name}')
    if not total.executed:
        print('No test was run.', file=sys.stderr)
    print(total.summary(), flush=True)
    return 0 if total.good else 1


if __name__ == '__main__':
    sys.exit(main())
