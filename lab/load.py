# SPDX-License-Identifier: Apache-2.0
"""Whether this machine leaves the lab the processor time that it needs."""

import os

# Processes of the lab's that want a processor at one time: the emulated
# host's two, and the services around it.
OWN = 4


def busy():
    """Tell whether others keep the processors from the lab.

    :returns: str that says so with its figures, None when they do not
    """
    load = os.getloadavg()[0]
    processors = os.cpu_count()
    if load <= processors + OWN:
        return None
    return 'the load is %.0f on %d processors' % (load, processors)
