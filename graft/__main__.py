# SPDX-License-Identifier: Apache-2.0
import sys

from graft import cli

if __name__ == '__main__':
    sys.exit(cli.main(sys.argv[1:]))
