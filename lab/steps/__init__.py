# SPDX-License-Identifier: Apache-2.0
"""The steps of the lab's test, in order.

Each module has TITLE, and run(context) which returns a list of remarks for
the table and raises lab.errors.StepFailed when something is not as it
should be.  A new step is a new module and a line here.
"""

from lab.steps import away
from lab.steps import crash
from lab.steps import crowd
from lab.steps import guest
from lab.steps import inventory
from lab.steps import kept
from lab.steps import mounted
from lab.steps import plug
from lab.steps import replug
from lab.steps import restart
from lab.steps import speed
from lab.steps import twins

STEPS = (inventory, guest, twins, plug, mounted, speed, crowd, replug,
         restart, crash, away, kept)
