# SPDX-License-Identifier: Apache-2.0
"""The samples in etc/nova, made by oslo's own generators.

``python -m tools.samples`` writes them, ``--check`` says which are not what
they would be.  The generators find our options and policies through the entry
points in ``tools/entry_points``.  The two modules are loaded by their files,
so no Nova is needed, only oslo.config and oslo.policy.
"""

import argparse
import importlib.util
import os
import pathlib
import sys
import tempfile

from toolbox import commands
import tools

ETC = tools.ROOT / 'etc' / 'nova'
ENTRY_POINTS = tools.ROOT / 'tools' / 'entry_points'
NAMESPACE = 'nova.usb'
LICENCE = '# SPDX-License-Identifier: Apache-2.0\n'
#: Name of the sample, the generator and its options.
SAMPLES = {
    # The lines of our help are up to 79 columns long; they stay as they are.
    'usb.conf.sample': ('oslo-config-generator', '--wrap-width', 82),
    'usb-policy.yaml.sample': ('oslopolicy-sample-generator',),
}


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def options():
    """:returns: our options, as an entry point of oslo.config.opts does"""
    usb = _load(tools.ROOT / 'nova' / 'conf' / 'usb.py')
    return list(usb.list_opts().items())


def policies():
    """:returns: our rules, as an entry point of oslo.policy.policies does"""
    return _load(
        tools.ROOT / 'nova' / 'policies' / 'usb_devices.py').list_rules()


def made(generator, *words):
    """Run one of oslo's generators, from the environment of this Python.

    :param generator: its name
    :param words: options
    :returns: the sample, as str
    """
    path = os.pathsep.join([str(ENTRY_POINTS), str(tools.ROOT)])
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / 'sample'
        commands.output(
            [pathlib.Path(sys.executable).parent / generator,
             '--namespace', NAMESPACE, '--output-file', target, *words],
            cwd=folder, env=commands.environment(PYTHONPATH=path))
        return LICENCE + target.read_text(encoding='utf-8')


def main():
    """:returns: exit status"""
    parser = argparse.ArgumentParser(
        prog='python -m tools.samples', description=__doc__.split('\n')[0])
    parser.add_argument('--check', action='store_true')
    check = parser.parse_args().check
    stale = False
    for name, command in SAMPLES.items():
        text, target = made(*command), ETC / name
        if target.is_file() and target.read_text(encoding='utf-8') == text:
            continue
        if check:
            stale = True
            print('etc/nova/%s is stale. Run python -m tools.samples.' % name)
        else:
            target.write_text(text, encoding='utf-8')
    return int(stale)


if __name__ == '__main__':
    sys.exit(main())
