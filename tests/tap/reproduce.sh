# pipelines/reproduce, with stand-ins for the tools: what is run again, what is refused, and what comes out.
. "$T/lib.sh"

for p in parallel gnuplot; do
	command -v $p >/dev/null || { skip reproduce "$p is not installed"; done_testing; }
done

mkdir tools
cat >tools/tool <<'END'
#!/bin/bash
# writes what the tool of this name would, from its seed and its options alone, and notes the call
me=${0##*/} out= log= from= seed=1
echo "$me $*" >>"$CALLS"
while [ $# -gt 0 ]; do
	case $1 in
	-o) out=$2; shift ;;
	-m) from=$2; shift ;;
	--log) log=$2; shift ;;
	--seed) seed=$2; shift ;;
	esac
	shift
done
[ "$me" = "$BROKEN" ] && [ "$seed" = 2 ] && exit 1
[ -n "$log" ] && awk -v tool="$me" 'BEGIN {
	print "iteration\ttrain_nll\tnll\tprec@1\tprec@2" (tool == "ur-advtrain" ? "\tloss_max\tloss_min\tgap" : "")
	for (i = 1; i <= 3; i++) print i "\t" 1 / i "\t" 1 / i "\t" i / 4 "\t" i / 3 (tool == "ur-advtrain" ? "\t" i "\t-" i "\t" i : "")
}' >"$log"
if [ "$me" != ur-eval ]; then
	echo "$seed" >"$out"
	exit
fi
read -r seed <"$from"
printf 'metric\tvalue\tlow\thigh\n' >"$out"
for m in nll nll_pick nll_uniform {prec,chance,popularity}@{1,2}{,_multi}; do
	printf '%s\t.%d\t\t\n' $m "$seed"
done >>"$out"
END
chmod +x tools/tool
for t in rr-sessionize ur-featurize ur-pretrain ur-advtrain ur-eval; do
	ln -s tool tools/$t
done
export PATH=$PWD/tools:$PATH CALLS=$PWD/calls BROKEN=
reproduce=$T/../pipelines/reproduce
echo 'timestamp,visitorid,event,itemid' >log.csv

"$reproduce" -n 2 -o a log.csv >a.txt && grep -q '^finetuned-64-64 *policy *0.150 +-0.635' a.txt
ok "a summary"
head -2 a/results.tsv | tail -1 | grep -q '^baseline-64-64	reward	validation	nll	0.15	0.0707'
ok "results.tsv"
grep -q '^l2-64-64	policy	training	gap	3	0	3	3$' a/results.tsv
ok "results.tsv says how adversarial training ended"
grep -q '^finetuned-64-64	baseline-64-64	prec@1	0	0	0	0$' a/differences.tsv
ok "differences.tsv"
grep -q '</svg>' a/models.svg && grep -q '</svg>' a/training.svg && grep -q '</svg>' a/adversaries.svg
ok "the charts"

: >calls
rm a/runs/logit.1/test.tsv
"$reproduce" -n 2 -o a log.csv >b.txt && cmp a.txt b.txt && [ "$(cat calls | wc -l)" = 1 ] && grep -q '^ur-eval .*logit.1' calls
ok "only what is missing is done again"
mkdir -p elsewhere/a
CDPATH=$PWD/elsewhere "$reproduce" -n 2 -o a log.csv | cmp - a.txt && [ -z "$(ls elsewhere/a)" ]
ok "CDPATH leads nowhere else"
: >calls
sed 's/--batchnorm/--batchnorm --lr 1e-3/' "$reproduce" >changed && cp "$T"/../pipelines/{student.awk,mean.awk,common.sh,plot} . &&
    bash ./changed -n 2 -o a log.csv >/dev/null && [ "$(grep -c pretrain calls)" = 2 ]
ok "a run whose command has changed is done again"
"$reproduce" -n 3 -j 1 -o a log.csv >three.txt && "$reproduce" -n 3 -o c log.csv | cmp - three.txt
ok "seeds added later, and one job or several, give the same"

BROKEN=ur-advtrain refuses 1 '^reproduce: l2-64-64, seed 2: failed; the same command goes on where it was$' \
    "$reproduce" -q -n 2 -o d log.csv
ok "a run that fails"
"$reproduce" -n 2 -o d log.csv | cmp - a.txt
ok "goes on where it was"
echo >>log.csv
refuses 1 'was made from another log' "$reproduce" -q -n 2 -o a log.csv
ok "another log in the same folder"
for words in '-n 0' '-n x' '-j 0' '-z' '-n' 'a b'; do
	refuses 2 '^reproduce: ' "$reproduce" $words
	ok "status 2: reproduce $words"
done
refuses 1 'nothere: not there' "$reproduce" nothere
ok "no log"
done_testing
