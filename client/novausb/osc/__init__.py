# SPDX-License-Identifier: Apache-2.0
"""Commands of python-openstackclient for USB devices."""
