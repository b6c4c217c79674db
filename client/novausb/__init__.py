# SPDX-License-Identifier: Apache-2.0
"""Commands, SDK and metrics for the USB devices of OpenStack Nova."""
