#!/bin/bash
# make coverage: runs `make check` in a build that counts, then prints what of lib and tools was not run, and two sums
# by gcovr: of everything, and without the kernels, which are compiled for each instruction set and run for one.
# At least 95 % of the lines of everything and 85 % of the branches without the kernels must be run.
cd "$(dirname "$0")/.." || exit 1
tests/deps.sh gcovr || exit 1
build=$PWD/$(make -s COV=1 print-build)

# Counts of an earlier build, or of a program that was killed or could not write, are told on standard error, which the tests
# read: the former go, and what is told of the latter goes to a file.
find "$build" "$PWD/$(make -s COV=1 DOUBLE=1 print-build)" -name '*.gcda' -delete 2>/dev/null
mkdir -p "$build"
export GCOV_ERROR_FILE=$build/gcov.log
rm -f "$GCOV_ERROR_FILE"
make --no-print-directory -s COV=1 check || exit 1

counted() { gcovr -r . -f lib/ -f tools/ "$@" "$build"; }
counted
counted -b
[ ! -s "$GCOV_ERROR_FILE" ] || echo "$(wc -l <"$GCOV_ERROR_FILE") counts were lost"
echo "all:"
counted -s --fail-under-line 95 -o "$build/lines.txt" || exit 1
echo "without the kernels:"
counted -e lib/nn_ -s --fail-under-branch 85 -o "$build/branches.txt"
