#!/bin/sh
# Makes the user and its state folder, and restarts a running service when the package is
# upgraded. A new one is not started: it has to be configured first. DPKG_ROOT is set when
# dpkg installs into another root than its own.
set -e
root=${DPKG_ROOT:-}
systemd-sysusers --root="${root:-/}" otelcol-s3audit.conf
systemd-tmpfiles --root="${root:-/}" --create otelcol-s3audit.conf || : # needs /proc; the unit makes the folder too
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart otelcol-s3audit.service
fi
