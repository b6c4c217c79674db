# SPDX-License-Identifier: Apache-2.0
"""The embedded cloud: Nova with USB and what it needs, on one machine.

``python -m cloud`` runs on a bare Python 3.11+: it makes a virtual environment
and goes into it (``cloud/run.py``), writes the services' configuration, starts
them and looks after them.  What the services' own processes run is in
``cloud/inside``.
"""
