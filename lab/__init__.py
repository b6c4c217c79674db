# SPDX-License-Identifier: Apache-2.0
"""A compute host with real (emulated) USB hardware, and a test that uses it.

See doc/source/contributor/usb-lab.rst.
"""
