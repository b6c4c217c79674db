# SPDX-License-Identifier: Apache-2.0
"""Reads a subunit stream; runs in the environment that has subunit.

Usage: python -m tools.stream RESULT.json < STREAM

Prints each failure when it happens and where the run is from time to time,
and writes a JSON object: name of the test -> passed, failed or skipped.
"""

import json
import sys
import time

import subunit
import testtools

#: What is called so is no test but text between the tests.
OUTSIDE = 'output outside of tests'
#: Seconds between two lines that say how far the run is.
PROGRESS_INTERVAL = 30

STATUSES = {
    'success': 'passed',
    'xfail': 'passed',
    'skip': 'skipped',
    'fail': 'failed',
    'uxsuccess': 'failed',
    # A test that began and never ended: its process died.
    'inprogress': 'failed',
    'unknown': 'failed',
}


def text_of(test):
    """:returns: what a failed test left behind: tracebacks, then logs."""
    details = sorted(
        test['details'].items(), key=lambda item: 'traceback' not in item[0])
    parts = []
    for name, content in details:
        try:
            text = content.as_text().strip()
        except (AttributeError, UnicodeError, ValueError):
            continue
        if text:
            parts.append(f'{name}:\n{text[-8000:]}')
    return '\n'.join(parts)


class Collector:
    """Takes one test after the other and keeps count."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.statuses = {}
        self.outside = []
        self.said = time.monotonic()

    def take(self, test):
        """:param test: a dict as testtools.StreamToDict makes them."""
        if test['id'] == OUTSIDE:
            self.outside.append(text_of(test))
            return
        if test['status'] == 'exists' or test['id'] is None:
            return
        status = STATUSES[test['status']]
        # The same name twice: the worse outcome counts.
        if self.statuses.get(test['id']) != 'failed':
            self.statuses[test['id']] = status
        if status == 'failed':
            print(f"FAILED {test['id']} ({test['status']})\n{text_of(test)}\n",
                  file=self.out, flush=True)
        if time.monotonic() - self.said > PROGRESS_INTERVAL:
            self.said = time.monotonic()
            self.progress()

    def progress(self):
        """Say how many tests ended how."""
        values = list(self.statuses.values())
        print(', '.join(f'{values.count(status)} {status}' for status in
                        ('passed', 'failed', 'skipped')),
              '…', file=self.out, flush=True)


def read(source, collector):
    """Feed a binary subunit stream to a Collector."""
    result = testtools.StreamToDict(collector.take)
    result.startTestRun()
    stream = subunit.ByteStreamToStreamResult(
        source, non_subunit_name=OUTSIDE)
    stream.run(result)
    result.stopTestRun()


def main(path):
    collector = Collector()
    read(sys.stdin.buffer, collector)
    if not collector.statuses:
        # The runner says why it could not run anything.
        print('\n'.join(collector.outside))
    with open(path, 'w') as out:
        json.dump(collector.statuses, out)


if __name__ == '__main__':
    main(sys.argv[1])
