# SPDX-License-Identifier: Apache-2.0
"""Runs the steps and prints the table of them."""

import textwrap
import time

from cloud import sdk
from lab import context as lab_context
from lab import errors as lab_errors
from lab import steps
from toolbox import errors

PASSED = 'passed'
FAILED = 'FAILED'
SKIPPED = 'not run'
# Run, but the machine was too busy to tell.
UNCLEAR = 'unclear'


class Result:
    """How one step went."""

    def __init__(self, title, outcome, seconds, remarks):
        self.title = title
        self.outcome = outcome
        self.seconds = seconds
        self.remarks = remarks


def run(world, say, chosen=None):
    """Run the steps.

    After a failure no further step is run: they share one server.

    :param world: lab.world.World that was started
    :param say: called with a line before each step
    :param chosen: the numbers of the steps to run; by default all but those
        that are run on request only
    :returns: list of Result
    """
    context = lab_context.Context(world)
    results = []
    for number, step in enumerate(steps.STEPS, 1):
        if chosen and number not in chosen:
            continue
        if not chosen and getattr(step, 'ON_REQUEST', False) is True:
            continue
        if any(one.outcome == FAILED for one in results):
            results.append(Result(step.TITLE, SKIPPED, 0, []))
            continue
        say('Step ' + step.TITLE)
        results.append(_run_one(context, step))
    return results


def _run_one(context, step):
    began = time.monotonic()
    try:
        outcome, remarks = PASSED, step.run(context)
    except lab_errors.NotJudged as exc:
        outcome, remarks = UNCLEAR, str(exc).splitlines()
    except (errors.Failure, *sdk.ERRORS) as exc:
        outcome, remarks = FAILED, str(exc).splitlines()
    return Result(step.TITLE, outcome, time.monotonic() - began, remarks)


def table(results):
    """The results as text for a terminal."""
    lines = ['', '%-62s %-8s %7s' % ('step', 'outcome', 'seconds'),
             '-' * 79]
    for result in results:
        lines.append('%-62s %-8s %7.0f' % (result.title, result.outcome,
                                           result.seconds))
        for remark in result.remarks:
            lines += textwrap.wrap(remark, 79, initial_indent='    ',
                                   subsequent_indent='    ')
    return '\n'.join(lines + [''])


def passed(results):
    """Whether every step was run and none failed."""
    outcomes = {result.outcome for result in results}
    return PASSED in outcomes and outcomes <= {PASSED, UNCLEAR}


def summary(results):
    """The line that ends a run, as ./run_tests.sh reads it."""
    outcomes = [result.outcome for result in results]
    passed, failed = outcomes.count(PASSED), outcomes.count(FAILED)
    return '%d passed, %d failed, %d skipped' % (
        passed, failed, len(outcomes) - passed - failed)
