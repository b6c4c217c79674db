# SPDX-License-Identifier: Apache-2.0
"""``python3 -m bench NAME``: one benchmark, in the tests' environment."""

import argparse
import importlib
import os
import subprocess
import sys

NAMES = ('scan', 'report', 'pages', 'unused')
#: Set for the process that measures.
INSIDE = 'USB_BENCH_INSIDE'


def parse():
    parser = argparse.ArgumentParser(
        prog='python3 -m bench', description='See bench/README.rst.')
    parser.add_argument('name', choices=NAMES)
    parser.add_argument('--url', help='a database; SQLite unless given')
    parser.add_argument('--rows', type=int, default=1000000,
                        help='pages: no more rows than these')
    return parser.parse_args()


def outside(name):
    """Make the environment, then run this again in it."""
    import tools
    from tools import environment

    env = environment.Environment(tools.DEFAULT_BASE)
    with env.locked():
        env.prepare()
        env.graft()
    if name == 'unused':
        # It compares two trees: neither is the one to be in.
        return importlib.import_module('bench.unused').run(env)
    variables = dict(env.variables(), PYTHONPATH=os.pathsep.join(
        [str(env.tree), str(tools.ROOT)]))
    variables[INSIDE] = '1'
    return subprocess.call(
        [str(env.python), '-W', 'ignore', '-m', 'bench'] + sys.argv[1:],
        env=variables, cwd=tools.ROOT)


def main():
    arguments = parse()
    if not os.environ.get(INSIDE):
        return outside(arguments.name)
    # First of all: it settles which kind of threads Nova has.
    importlib.import_module('nova.tests.unit')
    importlib.import_module('bench.' + arguments.name).run(arguments)
    return 0


if __name__ == '__main__':
    sys.exit(main())
