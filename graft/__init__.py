# SPDX-License-Identifier: Apache-2.0
"""Join this fork's modules to a release of OpenStack Nova.

The repository holds no file of upstream's. What it adds reaches Nova in two
ways, and nothing else:

* new files, everything below ``nova/`` of this checkout;
* seams, the few lines through which upstream's modules call ours. They are
  declared as data in :mod:`graft.seams`.

``python -m graft TREE`` does it to a source tree in place, ``pip install .``
(:mod:`graft.backend`) to a wheel. The package needs nothing but the standard
library of Python 3.8, so that it runs in any environment that Nova runs in.
"""
