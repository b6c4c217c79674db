# SPDX-License-Identifier: Apache-2.0
"""What runs the tests of the fork: see tools.__main__ and run_tests.sh."""

import pathlib

from toolbox import errors

#: The checkout.
ROOT = pathlib.Path(__file__).resolve().parent.parent
#: Everything that a run makes: environments, trees, results.
STATE = ROOT / '.tests'
#: The release that is tested when none is named.
DEFAULT_BASE = '34.0.0'


class ToolError(errors.Failure):
    """The tests cannot be run; the text says why and what to do."""
