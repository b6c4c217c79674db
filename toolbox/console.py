# SPDX-License-Identifier: Apache-2.0
"""What is told to the person in front of the terminal."""

import time


def say(line):
    """Print a line with the time of day.

    :param line: str, what begins now
    """
    print('%s  %s' % (time.strftime('%H:%M:%S'), line), flush=True)
