#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nova with USB passthrough in devstack. devstack sources this file in each
# phase of stack.sh, unstack.sh and clean.sh.
#
# It grafts the tree that devstack cloned: that one is installed in editable
# mode, so the fork is live at once, and devstack's own `nova-manage db sync`
# makes its tables.

_nova_usb_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

function _nova_usb_graft {
    (cd "$_nova_usb_dir" && python3 -m graft "$@")
}

# A tree that does not fit ends devstack: all seams fit, or nothing has
# been changed and the reason is on the screen.
function install_nova_usb {
    pip_install -r "$_nova_usb_dir/requirements.txt"
    _nova_usb_graft "$NOVA_DIR"
}

# _nova_usb_options FILE OPTIONS: one NAME=VALUE a line.
function _nova_usb_options {
    local file=$1 line
    while read -r line; do
        if [[ -n "$line" ]]; then
            iniset "$file" usb "${line%%=*}" "${line#*=}"
        fi
    done <<< "$2"
}

function configure_nova_usb {
    _nova_usb_options "$NOVA_CONF" "$NOVA_USB_OPTIONS"
    if is_service_enabled n-cpu; then
        _nova_usb_options "$NOVA_CPU_CONF" "$NOVA_USB_COMPUTE_OPTIONS"
    fi
}

function cleanup_nova_usb {
    if [[ -d "$NOVA_DIR/nova/usb" ]]; then
        _nova_usb_graft "$NOVA_DIR" --remove
    fi
}

case "$1 ${2:-}" in
    'stack install')
        install_nova_usb
        ;;
    'stack post-config')
        configure_nova_usb
        ;;
    'clean ')
        cleanup_nova_usb
        ;;
esac
