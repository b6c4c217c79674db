# SPDX-License-Identifier: Apache-2.0
"""A cloud for tests: python -m tools.with_cloud FOLDER

Runs in the virtual environment of ./run.sh. It starts a cloud whose state is
in the folder, which is new, makes the file `up` there when it is up, and ends
it on SIGTERM.
"""

import pathlib
import signal
import sys
import time

from cloud import __main__ as bare
from cloud import options as options_module
from cloud import run
from toolbox import errors
from toolbox import process
from tools import distributions


def serve(folder):
    """Run the cloud until it is interrupted or a part of it ends.

    :raises: Failure
    """
    options = options_module.parser().parse_args([])
    with process.Group() as group, run.up(options, folder, group):
        (folder / distributions.UP).touch()
        while True:
            group.check()
            time.sleep(0.5)


def main():
    """:returns: exit status"""
    signal.signal(signal.SIGTERM, bare.interrupt)
    try:
        serve(pathlib.Path(sys.argv[1]))
    except errors.Failure as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == '__main__':
    sys.exit(main())
