#!/bin/bash
# make tsan: the trainers with two threads, and the unit programs that use threads, under ThreadSanitizer; TAP.
T=$(cd "$(dirname "$0")/.." && pwd)
. "$T/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$BUILD:$PATH OPENBLAS_NUM_THREADS=1 TSAN_OPTIONS=halt_on_error=1:exitcode=66 CMOCKA_MESSAGE_OUTPUT=TAP
(sh "$T/faults/prepare.sh" "$work") || exit 1
cd "$work" || exit 1

for program in "$BUILD"/tests/test_pool "$BUILD"/tests/test_train "$BUILD"/tests/test_net; do
	$program >log 2>&1 || { tail -20 log | sed 's/^/# /'; false; }
	ok "threads: ${program##*/}"
done
small='-q --threads 2 --batch 20 --hidden 5 --dims 8-8 --iterations 20 --eval-every 5 -o out.ur train.ur'
for command in "ur-pretrain $small" "ur-pretrain --batchnorm $small" "ur-pretrain --lazy-adam $small" "ur-pretrain --state pw $small" \
    "ur-pretrain --loss sparsemax $small" "ur-pretrain --checkpoint check.ur $small" "ur-advtrain --policy-dims 4 $small" \
    "ur-advtrain --inner exact $small"; do
	$command >log 2>&1 || { head -20 log | sed 's/^/# /'; false; }
	ok "threads: $command"
done
done_testing
