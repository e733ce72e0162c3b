#!/bin/bash
# make lint: pages, include rules, --help against the pages, shell syntax.  One line per fault.
cd "$(dirname "$0")/.." || exit 1
bad=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fault() { echo "lint: $*"; bad=1; }

mandoc -T lint -W warning man/*.[157] || bad=1
# man-db's groff loses the rest of a page after a reference with three .%A lines: one line for all authors.
awk 'FNR == 1 { n = 0 } /^\.%A/ { if (++n == 3) { print "lint: " FILENAME ":" FNR ": a third line of authors"; bad = 1 } next } { n = 0 } END { exit bad }' \
    man/*.[157] || bad=1

# Which files may include what: the direction of STYLE is tools -> lib, and each library has one door.
includes()      # header, files that may include it (a regular expression)
{
	grep -l "#include [<\"]$1" lib/*.c lib/*.h tools/*.c | grep -Ev "^($2)$" |
	    while read -r f; do echo "lint: $f includes $1"; done | grep . && bad=1
}
includes cli.h 'lib/(cli|message|output|progress)\.c|tools/.*'
includes msgpack.h 'lib/mp\.c'
includes cblas.h 'lib/nn_mat\.c'
includes lbfgs.h 'lib/ridge\.c'
for f in lib/nn_*.c lib/optim.c lib/rng.c; do
	grep -HnE '\b(malloc|calloc|realloc|free|printf|fopen)\(' "$f" && bad=1
done

# The options of --help and those of the page are the same.
for page in man/*.1; do
	tool=${page##*/}; tool=${tool%.1}
	[ -x "$BUILD/$tool" ] || continue
	"$BUILD/$tool" --help | grep -oE '^  .{0,4}--[a-z0-9-]+' | grep -oE -- '--.*' | sort -u >"$scratch/help"
	grep -E '^\.It Fl' "$page" | grep -oE 'Fl (Fl |\\?-)[a-z0-9-]+' | sed -E 's/Fl (Fl |\\?-)/--/' | sort -u >"$scratch/page"
	diff "$scratch/help" "$scratch/page" | sed -n "s|^[<>]|lint: $page: & (< in --help alone, > in the page alone)|p" | grep . && bad=1
done
for tool in tools/*.c pipelines/*; do
	name=${tool##*/}
	case $tool in
	tools/*) name=${name%.c} ;;
	*.*) continue ;;
	*) name=ur-$name ;;
	esac
	[ -f "man/$name.1" ] || fault "$tool has no page"
done

for script in .ci/run tests/*.sh tests/tap/*.sh pipelines/*; do
	[ -f "$script" ] && [ "${script%.awk}" = "$script" ] || continue
	case $(head -1 "$script") in
	*bash*|'# '*) bash -n "$script" || bad=1 ;;
	*/sh*) sh -n "$script" || bad=1 ;;
	esac
done
[ $bad = 0 ] && echo "lint: clean"
exit $bad
