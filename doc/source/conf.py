# SPDX-License-Identifier: Apache-2.0
"""Settings of Sphinx for the documentation; see tools/docs.py."""

project = 'USB passthrough for OpenStack Nova'
copyright = 'the contributors, Apache License 2.0'

extensions = [
    'openstackdocstheme',
    'os_api_ref',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
]

master_doc = 'index'
source_suffix = '.rst'
pygments_style = 'native'
html_theme = 'openstackdocs'

# The fork has no page at OpenStack's hosting and no bug tracker there.
openstackdocs_auto_name = False
html_theme_options = {'show_other_versions': False}
