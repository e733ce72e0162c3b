#!/bin/bash
# make torture: all faults, kills by the dozen, hostile input; some minutes.  Prints TAP and, at the end, the counts
# that ur-reliability(7) gives.
T=$(cd "$(dirname "$0")/.." && pwd)
export T PATH=$BUILD:$PATH OPENBLAS_NUM_THREADS=1 LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(sh "$T/faults/prepare.sh" "$work/faults") && (sh "$T/faults/prepare.sh" "$work/kills") && mkdir "$work/hostile" || exit 1
"$BUILD/faults/faults" "$work/faults" <"$T/faults/commands" | tee "$work/log"
(cd "$work/kills" && bash "$T/faults/kill.sh" 50) | tee -a "$work/log"
(cd "$work/hostile" && bash "$T/tap/hostile.sh") | tee -a "$work/log"
grep -E '^# [0-9]+ (runs|kills)' "$work/log"
passed=$(grep -c '^ok' "$work/log") failed=$(grep -c '^not ok' "$work/log")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
