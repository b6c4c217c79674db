# SPDX-License-Identifier: Apache-2.0
"""What the fork costs where USB is unused: grafted against plain Nova.

Processes on the two trees take turns, so that a busy machine slows both.  The
host of the grafted one supports USB and has no device.
"""

import json
import os
import statistics
import subprocess
import tempfile

from bench import measure
import tools

#: What a service imports when it starts.
IMPORTS = {
    'import of nova-compute':
        'import nova.cmd.compute, nova.compute.manager, '
        'nova.virt.libvirt.driver',
    'import of nova-api': 'import nova.api.openstack.compute.routes',
}
#: Processes of each tree.
IMPORT_ROUNDS = 7
CLOUD_ROUNDS = 3


def variables(env, tree):
    return dict(env.variables(), PYTHONPATH=os.pathsep.join(
        [str(tree), str(tools.ROOT)]))


def imports(env):
    for name, code in IMPORTS.items():
        def start(tree, code=code):
            subprocess.run(
                [str(env.python), '-W', 'ignore', '-c',
                 'import nova.monkey_patch, ' + code[len('import '):]],
                env=variables(env, tree), cwd=tree, check=True,
                stderr=subprocess.DEVNULL)
        measure.ratio(name, lambda: start(env.tree),
                      lambda: start(env.plain), IMPORT_ROUNDS)


def cloud(env, tree):
    """One cloud in one process; what it took, by name."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'results.json')
        done = subprocess.run(
            [str(env.python), '-W', 'ignore', '-m', 'testtools.run',
             'bench.unused_inside'], cwd=tree, text=True,
            env=dict(variables(env, tree), USB_BENCH_OUT=out),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise SystemExit(done.stdout[-3000:])
        with open(out) as source:
            return json.load(source)


def run(env):
    """:param env: tools.environment.Environment, grafted"""
    imports(env)
    pairs = [(cloud(env, env.tree), cloud(env, env.plain))
             for _round in range(CLOUD_ROUNDS)]
    for name in pairs[0][0]:
        fork = [grafted[name] for grafted, _plain in pairs]
        plain = [bare[name] for _grafted, bare in pairs]
        if name.startswith('number of'):
            print('%-40s %8d against %8d plain: %+d' % (
                name, fork[-1], plain[-1], fork[-1] - plain[-1]))
            continue
        print('%-40s %8.2f ms against %8.2f ms plain: %.2f' % (
            name, 1000 * statistics.median(fork),
            1000 * statistics.median(plain),
            statistics.median(
                one / other for one, other in zip(fork, plain))))
    return 0
