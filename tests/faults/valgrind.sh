#!/bin/bash
# make valgrind: the commands of the fault table and the inputs of the fuzzers' corpora under valgrind; TAP.
T=$(cd "$(dirname "$0")/.." && pwd)
. "$T/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$BUILD:$PATH OPENBLAS_NUM_THREADS=1
checked() { valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite "$@"; }

(sh "$T/faults/prepare.sh" "$work") || exit 1
cd "$work" || exit 1
grep -v '^#' "$T/faults/commands" | while IFS= read -r line; do
	command=${line%% : *}
	input=/dev/null
	case $command in *' <'*) input=${command##* <} command=${command% <*} ;; esac
	checked $command <"$input" >out.txt 2>err.txt
	case $? in 0|3) ! grep -q == err.txt ;; *) sed 's/^/# /' err.txt; false ;; esac
	ok "valgrind: $command"
	echo $n $bad >count
done
read -r n bad <count
for corpus in "$T"/fuzz/corpus/*/; do
	checked "$BUILD/fuzz/$(basename "$corpus")" "$corpus" >/dev/null 2>err.txt || { sed 's/^/# /' err.txt | head -20; false; }
	ok "valgrind: $(basename "$corpus") corpus"
done
done_testing
