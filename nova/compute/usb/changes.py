# SPDX-License-Identifier: Apache-2.0
"""Says a state that lasts once, not at every look."""


class Changes(object):
    """Remembers what was said of each subject.

    ::

        if changes.noted(device_uuid, reason):
            LOG.warning(...)
    """

    def __init__(self):
        self._said = {}

    def noted(self, subject, state):
        """Note the state that a subject is in.

        :param state: anything that can be compared; None when there is
            nothing to say of it
        :returns: whether it was in another state before
        """
        if self._said.get(subject) == state:
            return False
        if state is None:
            self._said.pop(subject, None)
        else:
            self._said[subject] = state
        return True

    def forget(self, subject):
        """Forget a subject, so that whatever is noted next is new."""
        self._said.pop(subject, None)
