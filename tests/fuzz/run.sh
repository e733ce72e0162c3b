#!/bin/bash
# run.sh SECONDS [target...] - runs libFuzzer on the targets for so long each, two at a time, and sums up.
# BUILD is the folder of the fuzzing build; what is found lies in BUILD/found, new inputs in BUILD/corpus.
set -u
cd "$(dirname "$0")" || exit 1
seconds=$1
shift
[ $# = 0 ] && set -- $(for f in *.c; do [ "$f" = replay.c ] || echo "${f%.c}"; done)
export BUILD seconds ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

fuzz()
{
	mkdir -p "$BUILD/found" "$BUILD/corpus/$1" "corpus/$1"
	"$BUILD/fuzz/$1" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -close_fd_mask=3 \
	    -print_final_stats=1 -artifact_prefix="$BUILD/found/$1-" "$BUILD/corpus/$1" "corpus/$1" >"$BUILD/$1.log" 2>&1
	local status=$?
	awk -v name="$1" -v status=$status '
		/ cov: [0-9]/ { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1); else if ($i == "ft:") ft = $(i + 1) }
		/number_of_executed_units/ { runs = $2 }
		END { printf "%-12s %10d executions  %5d edges %6d features  %s\n", name, runs, cov, ft, status ? "FAILED, status " status : "nothing found" }
		' "$BUILD/$1.log"
	return $status
}
export -f fuzz
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'fuzz {}'
