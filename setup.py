# SPDX-License-Identifier: Apache-2.0
"""For tools that look for this file; pip builds by pyproject.toml."""

import sys

from graft import backend

if sys.argv[1:] == ['--name']:
    print('nova')
elif sys.argv[1:] == ['--version']:
    print(backend.version())
else:
    sys.exit('graft: Nova with USB is built by pip: pip install '
             'PATH-OF-THIS-CHECKOUT')
