#!/bin/sh
# deps.sh [package ...] - installs the Debian packages that the build and the tests need, and those named, where missing.
packages="gcc make pkg-config libopenblas-dev libmsgpack-dev libxxhash-dev zlib1g-dev libzstd-dev
liblbfgs-dev libcmocka-dev parallel mandoc bsdextrautils zstd gnuplot-nox jq $*"

missing=
for p in $packages; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "missing:$missing"
	echo "install with: sudo apt-get install$missing"
	exit 1
fi >&2
echo "installing:$missing" >&2
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -5 "$log" >&2
	echo "apt-get failed; install by hand:$missing" >&2
	exit 1
fi
rm -f "$log"
