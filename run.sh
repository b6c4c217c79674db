#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A whole small cloud with USB passthrough on this machine.  This file only
# finds a Python that can run it; `./run.sh --help` says the rest.

set -u

case ${BASH_SOURCE[0]} in
    */*) here=$(cd "${BASH_SOURCE[0]%/*}" && pwd) ;;
    *) here=$PWD ;;
esac

# What a candidate must be able to do, asked of itself.
probe='
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("is Python %d.%d" % sys.version_info[:2])
missing = []
for name in ("ensurepip", "venv", "sqlite3", "ssl"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
if missing:
    sys.exit("lacks the module(s) " + ", ".join(missing))
'

candidates() {
    if [ -n "${PYTHON:-}" ]; then
        echo "$PYTHON"
        return
    fi
    local name
    for name in python3.12 python3.13 python3.11 python3; do
        type -aP "$name" 2>/dev/null
    done
    for name in "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[123]*; do
        [ -x "$name/bin/python3" ] && echo "$name/bin/python3"
    done
}

rejected=""
while read -r python; do
    if complaint=$("$python" -c "$probe" 2>&1); then
        cd "$here" && exec "$python" -m cloud "$@"
    fi
    complaint=${complaint##*$'\n'}
    rejected="$rejected
  $python ${complaint:-does not run}"
done < <(candidates)

echo "\
run.sh needs Python 3.11, 3.12 or 3.13 with venv, ensurepip, sqlite3 and ssl;
found none.${rejected:+ Looked at:$rejected}
Install one (Debian, Ubuntu: apt install python3 python3-venv; Fedora:
dnf install python3.12; anywhere: pyenv install 3.12) or name it:
PYTHON=/path/to/python3.12 ./run.sh" >&2
exit 1
