#!/bin/sh
# Only dpkg says "purge": then progress goes as well. The user stays, as files elsewhere may
# be its own.
set -e
if [ "$1" = purge ]; then
  rm -rf "${DPKG_ROOT:-}/var/lib/otelcol-s3audit"
fi
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
