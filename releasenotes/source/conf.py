# SPDX-License-Identifier: Apache-2.0
"""Settings of Sphinx for the release notes; see tools/docs.py."""

project = 'Release notes: USB passthrough for OpenStack Nova'
copyright = 'the contributors, Apache License 2.0'

extensions = [
    'openstackdocstheme',
    'reno.sphinxext',
]

master_doc = 'index'
source_suffix = '.rst'
pygments_style = 'native'
html_theme = 'openstackdocs'
openstackdocs_auto_name = False
html_theme_options = {'show_other_versions': False}
