# SPDX-License-Identifier: Apache-2.0
"""Outcomes of tests, and their sum."""

import dataclasses
import json
import re

#: The last line of every run of ours.
SUMMARY = re.compile(
    r'^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\.?$', re.MULTILINE)


@dataclasses.dataclass
class Results:
    """How the tests of one or more suites ended.

    The names are kept for the failures and, where a suite gives them, for
    all tests (`statuses`: name -> 'passed', 'failed' or 'skipped').
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    statuses: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def from_statuses(cls, statuses):
        """:param statuses: name of a test -> how it ended."""
        values = list(statuses.values())
        return cls(values.count('passed'), values.count('failed'),
                   values.count('skipped'), dict(statuses))

    @classmethod
    def from_output(cls, text):
        """Read the summary that another of our programs printed.

        :returns: None when there is none.
        """
        found = SUMMARY.findall(text)
        if not found:
            return None
        return cls(*(int(number or 0) for number in found[-1]))

    @classmethod
    def load(cls, path):
        """Read what `tools.stream` wrote."""
        return cls.from_statuses(json.loads(path.read_text()))

    def save(self, path):
        """Write the named outcomes as JSON."""
        path.write_text(json.dumps(self.statuses, indent=0, sort_keys=True))

    def add(self, other):
        """Count other's tests in, too."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.statuses.update(other.statuses)

    def named(self, status):
        """:returns: the sorted names of the tests that ended so."""
        return sorted(
            name for name, value in self.statuses.items() if value == status)

    @property
    def executed(self):
        """How many tests did something; a skipped one did not."""
        return self.passed + self.failed

    @property
    def good(self):
        """Whether something ran and nothing failed."""
        return self.executed > 0 and self.failed == 0

    def summary(self):
        """:returns: the line that ends a run."""
        return (f'{self.passed} passed, {self.failed} failed, '
                f'{self.skipped} skipped')
