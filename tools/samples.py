# SPDX-License-Identifier: Apache-2.0
"""The samples in etc/nova, made from the options and the policies.

``python -m tools.samples`` writes them, ``--check`` says which are not what
they would be.  The two modules are loaded by their files, so no Nova is
needed, only oslo.config and oslo.policy.
"""

import argparse
import importlib.util
import pathlib
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
ETC = ROOT / 'etc' / 'nova'


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _comment(text):
    return ['# ' + line if line else '#'
            for line in textwrap.dedent(text).strip().splitlines()]


def _shown(default):
    if isinstance(default, bool):
        return str(default).lower()
    return '' if default in (None, []) else default


def options():
    """:returns: the sample of ``[usb]``, as nova.conf has it"""
    usb = _load(ROOT / 'nova' / 'conf' / 'usb.py')
    lines = ['# SPDX-License-Identifier: Apache-2.0', '[usb]']
    lines += _comment(usb.usb_group.help)
    for opt in usb.usb_opts:
        lines += [''] + _comment(opt.help)
        for value, meaning in (getattr(opt.type, 'choices', None)
                               or {}).items():
            lines.append('# %s: %s' % (value, meaning))
        lines.append('#%s = %s' % (opt.name, _shown(opt.default)))
    return '\n'.join(line.rstrip() for line in lines) + '\n'


def policies():
    """:returns: the sample of our rules, as policy.yaml has them"""
    rules = _load(ROOT / 'nova' / 'policies' / 'usb_devices.py').list_rules()
    lines = ['# SPDX-License-Identifier: Apache-2.0']
    for rule in rules:
        lines += [''] + _comment('\n'.join(
            textwrap.wrap(rule.description, 77)))
        lines += ['# %s  %s' % (operation['method'], operation['path'])
                  for operation in rule.operations]
        lines.append('#"%s": "%s"' % (rule.name, rule.check_str))
    return '\n'.join(lines) + '\n'


SAMPLES = {'usb.conf.sample': options, 'usb-policy.yaml.sample': policies}


def stale():
    """:returns: names of the samples that are not what they would be"""
    return [name for name, make in SAMPLES.items()
            if not (ETC / name).is_file() or
            (ETC / name).read_text(encoding='utf-8') != make()]


def main():
    parser = argparse.ArgumentParser(
        prog='python -m tools.samples', description=__doc__.split('\n')[0])
    parser.add_argument('--check', action='store_true')
    if parser.parse_args().check:
        names = stale()
        for name in names:
            print('etc/nova/%s is stale. Run python -m tools.samples.' % name)
        return 1 if names else 0
    ETC.mkdir(parents=True, exist_ok=True)
    for name, make in SAMPLES.items():
        (ETC / name).write_text(make(), encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
