# SPDX-License-Identifier: Apache-2.0
"""Builds the documentation and the release notes, as upstream builds them.

Sphinx runs in the environment of the tests, with the grafted tree as Nova, so
that options and policies on the pages are those of the code. Any warning is
an error. The pages are written below .tests/docs.
"""

import re
import shutil
import subprocess

from toolbox import commands
from toolbox import stamp

import tools
from tools import results

#: What a build is called, and the directory of its source.
BUILDS = {
    'docs.html': 'doc/source',
    'docs.releasenotes': 'releasenotes/source',
}
#: The requirements of Sphinx and its extensions, and their versions.
REQUIREMENTS = tools.ROOT / 'doc' / 'requirements.txt'
CONSTRAINTS = tools.ROOT / 'constraints' / 'docs.txt'
OUTPUT = tools.STATE / 'docs'
#: What show-options and show-policy look up. Nova's own entry points name all
#: of Nova's options and policies, not those of the fork alone.
ENTRY_POINTS = """\
[oslo.config.opts]
nova.usb = nova_usb_docs:list_opts
[oslo.policy.policies]
nova.usb = nova.policies.usb_devices:list_rules
"""
#: oslo.config wants pairs; Nova's modules give a dictionary to nova.conf.opts.
MODULE = """\
from nova.conf import usb


def list_opts():
    return list(usb.list_opts().items())
"""


def install(env):
    """Install Sphinx and its extensions into the environment, once.

    :param env: an environment.Environment that is prepared
    :raises tools.ToolError: when pip fails
    """
    wanted = stamp.checksum(REQUIREMENTS, CONSTRAINTS)
    installed = env.venv / 'docs-fingerprint'
    if stamp.is_done(installed, wanted):
        return
    env.pip('install', '-c', CONSTRAINTS, '-r', REQUIREMENTS)
    stamp.done(installed, wanted)


def write_entry_points(path):
    """Make a directory for PYTHONPATH that offers ENTRY_POINTS.

    :param path: the directory, which is made anew
    """
    shutil.rmtree(path, ignore_errors=True)
    metadata = path / 'nova_usb_docs-0.dist-info'
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / 'METADATA').write_text(
        'Metadata-Version: 2.1\nName: nova-usb-docs\nVersion: 0\n')
    (metadata / 'entry_points.txt').write_text(ENTRY_POINTS)
    (path / 'nova_usb_docs.py').write_text(MODULE)


def build(env, name):
    """Build one set of pages anew.

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
    variables = env.variables()
    extra = OUTPUT / 'entry-points'
    write_entry_points(extra)
    variables['PYTHONPATH'] = f'{env.tree}:{extra}'
    # stevedore remembers entry points, and notices a change of the files
    # only after two minutes.
    variables['XDG_CACHE_HOME'] = str(extra / 'cache')
    command = [
        env.python, '-m', 'sphinx', '-W', '--keep-going', '-q', '-b', 'html',
        '-d', OUTPUT / 'doctrees' / name, '-E',
        tools.ROOT / BUILDS[name], pages]
    commands.show(command)
    code = subprocess.run(
        [str(part) for part in command], cwd=tools.ROOT, env=variables,
        stdin=subprocess.DEVNULL).returncode
    if code:
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
    if 'docs.html' in chosen:
        env.graft()
    outcome = results.Results.from_statuses(
        {name: build(env, name) for name in chosen})
    print(f'documentation: {outcome.summary()}', flush=True)
    return outcome
