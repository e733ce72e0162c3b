#!/bin/bash
# run.sh [-u] [pattern] - runs unit programs, cases and scripts, sums up "N passed, N failed, N skipped".
#
#   unit/test_*.c        cmocka programs, built in BUILD and DOUBLE_BUILD; TAP on stdout
#   cases/NAME/cmd       run by sh in an empty folder; stdout, stderr and status must be
#                        those in out, err and status (absent: nothing, nothing, 0)
#   tap/NAME.sh          scripts that print TAP themselves (lib.sh has the helpers)
#
# In cases and scripts $T is the tests folder and the tools are on PATH.
# -u writes what a case printed into its folder instead of comparing, for review.
set -u
export T=$(cd "$(dirname "$0")" && pwd)
export BUILD=$(cd "$T/.." && cd "${BUILD:-build}" && pwd) DOUBLE_BUILD=$(cd "$T/.." && cd "${DOUBLE_BUILD:-build-double}" && pwd)
export PATH="$BUILD:$PATH" LC_ALL=C OPENBLAS_NUM_THREADS=1 UPDATE=
export CMOCKA_MESSAGE_OUTPUT=TAP UBSAN_OPTIONS=print_stacktrace=1
[ "${1:-}" = -u ] && { UPDATE=1; shift; }
export WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

run_case()      # folder -> one TAP line
{
	local dir=$1 name=${1##*/} tmp
	tmp=$(mktemp -d "$WORK/case.XXXXXX")
	mkdir "$tmp/cwd"
	(cd "$tmp/cwd" && sh "$dir/cmd" >"$tmp/out" 2>"$tmp/err" </dev/null; echo $? >"$tmp/status")
	if [ -n "$UPDATE" ]; then
		cp "$tmp/out" "$tmp/err" "$tmp/status" "$dir"
		[ -s "$dir/out" ] || rm -f "$dir/out"
		[ -s "$dir/err" ] || rm -f "$dir/err"
		[ "$(cat "$dir/status")" = 0 ] && rm -f "$dir/status"
	fi
	[ -f "$dir/status" ] && cp "$dir/status" "$tmp/want" || echo 0 >"$tmp/want"
	for f in out err; do
		[ -f "$dir/$f" ] && cp "$dir/$f" "$tmp/want.$f" || : >"$tmp/want.$f"
	done
	if cmp -s "$tmp/out" "$tmp/want.out" && cmp -s "$tmp/err" "$tmp/want.err" && cmp -s "$tmp/status" "$tmp/want"; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		diff "$tmp/want.out" "$tmp/out" | head -20 | sed 's/^/# out: /'
		diff "$tmp/want.err" "$tmp/err" | head -20 | sed 's/^/# err: /'
		diff "$tmp/want" "$tmp/status" | sed 's/^/# status: /'
	fi
	rm -rf "$tmp"
}

run_one()       # file -> TAP in $WORK/tap.N
{
	local log status
	log=$(mktemp "$WORK/tap.XXXXXX")
	case $1 in
	*/cases/*) run_case "$1" >"$log" 2>&1 ;;
	*)	mkdir "$log.d"
		case $1 in
		*.sh) (cd "$log.d" && bash "$1") >"$log" 2>"$log.err" </dev/null ;;
		*) (cd "$log.d" && "$1") >"$log" 2>"$log.err" </dev/null ;;
		esac
		status=$?
		# a program that dies, or says nothing, has failed even if no line says so
		if ! grep -q '^not ok' "$log" && { [ $status != 0 ] || ! grep -q '^ok' "$log"; }; then
			echo "not ok - ${1#"$T"/}: exit status $status"
			tail -20 "$log.err" | sed 's/^/# /'
		fi >>"$log"
		rm -rf "$log.d" ;;
	esac
	sed -n "s|^not ok[ 0-9]*-* *|FAIL ${1#"$T"/}: |p; /^# ok/d; /^#/p" "$log" >&2
}
export -f run_case run_one

{
	ls "$BUILD"/tests/test_* "$DOUBLE_BUILD"/tests/test_* 2>/dev/null | grep -v '\.[a-z]*$'
	ls "$T"/tap/*.sh 2>/dev/null
	ls -d "$T"/cases/*/ 2>/dev/null | sed 's|/$||'
} | grep -e "${1:-}" | xargs -r -P "$(nproc)" -I{} bash -c 'run_one "$1"' _ {}

cat "$WORK"/tap.?????? 2>/dev/null >"$WORK/all"
grep -i '^ok.*# skip' "$WORK/all" | sed 's/^ok[ 0-9]*-* */skipped: /'
skipped=$(grep -ci '^ok.*# skip' "$WORK/all")
passed=$(($(grep -c '^ok' "$WORK/all") - skipped))
failed=$(grep -c '^not ok' "$WORK/all")
tail=; [ "$skipped" != 0 ] && tail=", $skipped skipped"
echo "$passed passed, $failed failed$tail"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
