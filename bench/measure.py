# SPDX-License-Identifier: Apache-2.0
"""Times two things in turn, and prints their ratio."""

import statistics
import time


def seconds(func):
    start = time.perf_counter()
    func()
    return time.perf_counter() - start


def ratio(name, func, bare, rounds):
    """Run both in turn, once unmeasured, and print medians and the ratio.

    The ratio is the median of the ratios pair by pair: what slows the
    machine down for a while slows both of a pair.

    :returns: the ratio
    """
    func()
    bare()
    pairs = [(seconds(func), seconds(bare)) for _round in range(rounds)]
    value = statistics.median(one / other for one, other in pairs)
    print('%-40s %8.2f ms against %8.2f ms bare: %.2f' % (
        name, 1000 * statistics.median(one for one, _other in pairs),
        1000 * statistics.median(other for _one, other in pairs), value),
        flush=True)
    return value
