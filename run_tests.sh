#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests; `./run_tests.sh --help` lists what it can do. Everything
# that it makes lies in .tests/, which may be deleted at any time.

set -u
here=${BASH_SOURCE[0]}
case $here in
    */*) cd "${here%/*}" || exit 1 ;;
esac

# A Python serves when it is new enough for Nova 34, old enough for 31 and
# able to make virtual environments (Debian packages that part separately).
serves='
import sys
import ensurepip
import venv
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
'

candidates=("${PYTHON:-}" python3.12 python3.11 python3.13 python3)
candidates+=("${HOME:-}"/.pyenv/versions/3.1[123].*/bin/python3)
for python in "${candidates[@]}"; do
    if [ -n "$python" ] && "$python" -c "$serves" 2>/dev/null; then
        exec "$python" -m tools "$@"
    fi
done

echo "No usable Python among: ${candidates[*]:1}." \
    "The tests need Python 3.11, 3.12 or 3.13 with its venv and ensurepip" \
    "modules. Install one (on Debian: apt install python3-venv) or name" \
    "it: PYTHON=/path/to/python3.12 ./run_tests.sh" >&2
exit 1
