# SPDX-License-Identifier: Apache-2.0
"""Settings of Sphinx."""

project = 'USB passthrough for OpenStack Nova'
master_doc = 'index'
exclude_patterns = []
html_theme = 'alabaster'
