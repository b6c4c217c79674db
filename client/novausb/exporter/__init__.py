# SPDX-License-Identifier: Apache-2.0
"""Metrics of the cloud's USB devices, for Prometheus."""
