#!/bin/bash
# make coverage: what `make COV=1 check` has run of the files in lib and tools, by gcov: a row for each file, then the sum.
# Branches are those taken at least once; those of the kernels, of which each instruction set has a copy, are left out.
cd "$(dirname "$0")/.." || exit 1
build=$1
for data in "$build"/lib/*.gcda "$build"/*.gcda; do
	gcov -n -b "$data" 2>/dev/null
done | awk '
	function part(text) { split(text, x, /[:% ]+/); return text ~ /No/ ? 0 : x[3] * x[5] / 100 }
	/^File/ { gsub(/\x27/, ""); file = $2; mine = file ~ /^(lib|tools)\/.*\.[ch]$/ && file !~ /^lib\/nn_/ && !(file in seen); if (mine) seen[file] = 1 }
	mine && /^Lines executed/ { split($0, x, /[:% ]+/); lines[file] = x[5]; run[file] = x[3] * x[5] / 100 }
	mine && /^Taken at least/ { split($0, x, /[:% ]+/); ways[file] = x[7]; taken[file] = x[5] * x[7] / 100 }
	END {
		for (f in lines) {
			printf "%-24s %5d lines %6.1f%%  %5d branches %6.1f%%\n", f, lines[f], 100 * run[f] / (lines[f] + !lines[f]),
			    ways[f], 100 * taken[f] / (ways[f] + !ways[f]) | "sort"
			L += lines[f]; R += run[f]; W += ways[f]; T += taken[f]
		}
		close("sort")
		printf "%-24s %5d lines %6.1f%%  %5d branches %6.1f%%\n", "all", L, 100 * R / L, W, 100 * T / W
	}'
