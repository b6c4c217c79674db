# SPDX-License-Identifier: Apache-2.0
"""nova-compute, which the lab can have killed at a moment that it names.

Started as ``compute.py FILE`` and nova-compute's own arguments.  When it
comes to the step of attach or detach whose name FILE holds, it takes FILE
away and kills itself, as a power failure would.  Without FILE it is
nova-compute and nothing else.
"""

import os
import signal
import sys


def main(trap):
    # First of all, since it chooses how Nova does concurrency.
    from nova.cmd import compute

    from nova.compute.usb import attachments

    def reached(step):
        try:
            with open(trap) as source:
                wanted = source.read().strip()
        except FileNotFoundError:
            return
        if step == wanted:
            os.unlink(trap)
            os.kill(os.getpid(), signal.SIGKILL)

    attachments.reached = reached
    return compute.main()


if __name__ == '__main__':
    # Both the file's name and what Nova takes its own name from.
    chosen = sys.argv.pop(1)
    sys.argv[0] = 'nova-compute'
    sys.exit(main(chosen))
