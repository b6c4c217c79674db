# SPDX-License-Identifier: Apache-2.0
"""What the programs beside nova/ have in common.

The embedded cloud (``cloud/``), the lab (``lab/``) and the runner of the
tests (``tools/``) start other programs, wait for something, make virtual
environments and remember what is done already.  Each of these is here, once.

This package needs nothing but the standard library of Python 3.11: it also
runs before there is any virtual environment.
"""
