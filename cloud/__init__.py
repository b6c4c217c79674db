# SPDX-License-Identifier: Apache-2.0
"""The embedded cloud: Nova with USB and what it needs, on one machine.

This package runs on a bare Python 3.11+ and needs nothing but its standard
library; it makes a virtual environment, writes the services' configuration,
starts them and looks after them.  What runs inside that environment is in
``cloud/inside``.
"""
