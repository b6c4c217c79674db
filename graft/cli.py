# SPDX-License-Identifier: Apache-2.0
"""``python -m graft TREE``: the fork in a source tree of Nova, in place."""

import argparse
import difflib
import sys

from graft import checkout
from graft import errors
from graft import plan as plans
from graft import release
from graft import source
from graft import write


def main(arguments, out=None, err=None):
    """Run the command.

    :param arguments: list of str, without the program's name
    :returns: the exit status: 0, or 1 when nothing could be done
    """
    out = out or sys.stdout
    err = err or sys.stderr
    try:
        if arguments[:1] == ['checkout']:
            checkout.main(arguments[1:], out)
        else:
            options = _parser().parse_args(arguments)
            _ACTIONS[options.action or 'graft'](options, out)
    except errors.GraftError as error:
        for reason in error.reasons:
            print('graft: %s' % reason, file=err)
        return 1
    except OSError as error:
        print('graft: %s; nothing was changed' % error, file=err)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog='python -m graft', description='Turn a source tree of Nova '
        'into Nova with USB passthrough, all or nothing; again after each '
        'change of this checkout.', epilog='python -m graft checkout DIR '
        '--base RELEASE makes a git repository of a release with it.')
    parser.add_argument('tree', metavar='TREE',
                        help='folder that has the package nova in it')
    action = parser.add_mutually_exclusive_group()
    for name, text in (
            ('check', 'verify that every seam finds its place; write nothing'),
            ('diff', "print the changes to upstream's files; write nothing"),
            ('remove', 'turn the tree into plain Nova again')):
        action.add_argument('--' + name, dest='action', action='store_const',
                            const=name, help=text)
    parser.add_argument('--link', action='store_true',
                        help='link our files to this checkout, do not copy')
    parser.add_argument('--release', metavar='VERSION',
                        help="upstream's version, for a tree that cannot "
                        'tell it')
    return parser


def _plan(options):
    return plans.to_graft(options.tree, options.release, options.link)


def _graft(options, out):
    plan = _plan(options)
    write.apply(plan.steps)
    print('%s: Nova %s with USB, %s%s' % (
        options.tree, plan.release, release.untried(plan.release),
        _summary(plan)), file=out)
    if not plan.steps:
        print('it was up to date', file=out)


def _check(options, out):
    plan = _plan(options)
    print('%s: Nova %s, %sall seams fit, %s' % (
        options.tree, plan.release, release.untried(plan.release),
        _summary(plan)), file=out)
    print('%d files would be written' % len(plan.steps), file=out)


def _remove(options, out):
    plan = plans.to_remove(options.tree, options.release)
    write.apply(plan.steps)
    print('%s: plain Nova %s, %d files written or deleted' % (
        options.tree, plan.release, len(plan.steps)), file=out)


def _diff(options, out):
    plan = _plan(options)
    for item in plan.edited:
        out.writelines(difflib.unified_diff(
            source.lines_of(item.plain), source.lines_of(item.text),
            'a/' + item.path, 'b/' + item.path))
    print(_summary(plan), file=out)


def _summary(plan):
    """The size of the change, tests apart."""
    counted = [item for item in plan.edited if not item.test]
    tests = [item for item in plan.edited if item.test]
    text = "%d lines added to %d of upstream's files" % (
        sum(item.added for item in counted), len(counted))
    if tests:
        text += ' (tests: %d to %d)' % (
            sum(item.added for item in tests), len(tests))
    return '%s, %d new files' % (text, len(plan.files))


_ACTIONS = {'graft': _graft, 'check': _check, 'diff': _diff,
            'remove': _remove}
