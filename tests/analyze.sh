#!/bin/bash
# make analyze: gcc -fanalyzer and clang-tidy over lib and tools.  Prints what they say; any of it is a failure.
cd "$(dirname "$0")/.." || exit 1
flags='-std=c11 -D_GNU_SOURCE -DUR_VERSION="analysis" -Ilib'
bad=0

gcc_says()
{
	local less=
	# gcc 12 takes the width of a vector for that of its elements, and does not see vectors being set
	case $1 in lib/nn_*) less='-Wno-analyzer-shift-count-overflow -Wno-analyzer-use-of-uninitialized-value' ;; esac
	gcc $flags $less -Wall -Wextra -O2 -fanalyzer -S -o - "$1" 2>&1 >/dev/null
}
clang_says()    { clang-tidy --quiet --warnings-as-errors='*' "$1" -- $flags 2>/dev/null; }
export -f gcc_says clang_says
export flags
for program in gcc clang; do
	[ $program = gcc ] || command -v clang-tidy >/dev/null || { echo "clang-tidy is not here: left out"; continue; }
	said=$(ls lib/*.c tools/*.c | xargs -P "$(nproc)" -I{} bash -c "${program}_says {}")
	[ -z "$said" ] || { echo "$said"; bad=1; }
done
[ $bad = 0 ] && echo "analyze: clean"
exit $bad
