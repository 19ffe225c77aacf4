#!/bin/sh
# Stops the service when the package goes. dpkg says "remove" then, rpm 0; on an upgrade
# they say something else. Progress in /var/lib/otelcol-s3audit stays.
set -e
if [ "$1" = remove ] || [ "$1" = 0 ]; then
  if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now otelcol-s3audit.service
  fi
fi
