# ur-advtrain on choices made up here: the game, its exact form, and what it writes.
. "$T/lib.sh"
. "$T/choices.sh"

choices 60 >impressions.tsv
batches impressions.tsv >train.ur
small="-q --hidden 4 --dims 8-8"
quick="-q --batch 16 --iterations 12 --eval-every 3 --patience 0"
ur-pretrain $small -n 30 -o m.ur train.ur
column() { awk -F'\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }' "$2"; }

ur-advtrain $quick -m m.ur --log log.tsv -o a.ur train.ur &&
[ "$(head -1 log.tsv)" = "$(printf 'iteration\ttrain_nll\tnll\tprec@1\tprec@2\tloss_max\tloss_min\tgap')" ] &&
[ "$(column iteration log.tsv | xargs)" = "3 6 9 12" ]; ok "the log has a row for each evaluation"
ur-dump a.ur | jq -se 'any(.[]; .name == "policy.lstm.wx") and .[0].arch.policy and .[0].history[-1].tool == "ur-advtrain"' >/dev/null
ok "the policy travels in the model"
ur-eval --bootstrap 0 --role validation --by policy -m a.ur train.ur >policy.tsv
kept=$(ur-dump a.ur | head -1 | jq '.metrics["prec@1"] * 1e6 | round')
[ "$(awk '$1 == "prec@1" { printf "%.0f", $2 * 1e6 }' policy.tsv)" = "$kept" ]; ok "the figures kept are those of ur-eval --by policy"
column gap log.tsv | awk '$1 < 0 { exit 1 }'; ok "the gap is never negative"
for regularizer in l2 shannon; do
	ur-advtrain $quick --regularizer $regularizer --eta .7 -m m.ur --log r.tsv -o r.ur train.ur &&
	    column gap r.tsv | awk '$1 < 0 || $1 + 0 != $1 { exit 1 }'; ok "--regularizer $regularizer: a gap, and not negative"
done

tensors() { ur-dump $1 | jq -c 'select(.data) | [.name, .data]' | grep -v policy; }
ur-advtrain $quick -m m.ur --min-steps 0 -o f.ur train.ur && [ -n "$(tensors m.ur)" ] && [ "$(tensors m.ur)" = "$(tensors f.ur)" ]
ok "--min-steps 0 moves no reward"
ur-pretrain $small --batchnorm -n 30 -o bn.ur train.ur
for model in m bn; do
	for n in 2 12; do       # in two iterations not all users are met
		ur-advtrain $quick -m $model.ur --min-steps 0 -n $n --eval-every 1 --log frozen$n.log -o frozen.ur train.ur
	done
	[ "$(wc -l <frozen12.log)" = 13 ] && cmp frozen2.log <(head -3 frozen12.log)
	ok "a reward that does not move, worked out for all users or as they are met ($model)"
done
ur-advtrain $quick -m m.ur -o g.ur train.ur && [ "$(tensors m.ur)" != "$(tensors g.ur)" ]; ok "--min-steps 1 does"
ur-advtrain $quick -m f.ur -n 0 -o h.ur train.ur && [ "$(ur-dump f.ur | tail -n +2)" = "$(ur-dump h.ur | tail -n +2)" ]
ok "a policy that is there is gone on with"
for options in "" "--select prec@1" "--eta 2" "--preset chen2019"; do
	ur-advtrain $quick --inner exact $options -m m.ur --log e.tsv -o e.ur train.ur &&
	    ur-pretrain $quick --loss sparsemax $options --init m.ur --log p.tsv -o p.ur train.ur && cmp e.ur p.ur && cmp e.tsv p.tsv
	ok "--inner exact $options: the bytes of ur-pretrain --loss sparsemax --init"
done
for n in 1 2 3; do
	ur-advtrain $quick --max-steps $n --min-steps $n -m m.ur -o n$n.ur train.ur || break
done
! cmp -s n1.ur n2.ur && ! cmp -s n2.ur n3.ur; ok "--max-steps and --min-steps"

# One user with one step: nothing does better than the pick, -1/(2 eta).
printf 'user\ttime\titem\tclicked\n1\t1\t10\t0\n1\t1\t11\t1\n1\t1\t12\t0\n' >one.tsv
batches one.tsv --features id --min-count 1 --split 1:0:0 >one.ur
for eta in 1 2.5; do
	ur-advtrain -q --eta $eta --l2 0 --lr .01 --patience 0 -n 2000 --log one.log -o one.model.ur one.ur 2>/dev/null
	column loss_min one.log | tail -1 | awk -v eta=$eta '{ d = $1 + 1 / (2 * eta); print "# off by", d; exit !(d < 1e-3 && d > -1e-3) }'
	ok "the saddle of one step at eta $eta"
done

# --- the same again ------------------------------------------------------------------

ur-advtrain $quick -m m.ur --threads 3 -o b.ur train.ur && cmp a.ur b.ur; ok "the same bytes with three threads"
cat train.ur | ur-advtrain $quick -m m.ur >b.ur && cmp a.ur b.ur; ok "the same bytes from a pipe"
ur-advtrain $quick $small -o r1.ur train.ur && ur-advtrain $quick $small -o r2.ur train.ur && cmp r1.ur r2.ur; ok "from a random start, twice"
ur-advtrain $quick -n 5 -m m.ur --checkpoint c.ckpt -o /dev/null train.ur &&
    ur-advtrain $quick -m m.ur --checkpoint c.ckpt --resume --log resumed.tsv -o b.ur train.ur && cmp a.ur b.ur && cmp log.tsv resumed.tsv
ok "5 + 7 iterations through a checkpoint are 12"
refuses 1 'c.ckpt: it was made with max-steps=1, expected max-steps=2' \
    ur-advtrain $quick --max-steps 2 -m m.ur --checkpoint c.ckpt --resume -o x.ur train.ur; ok "a checkpoint of other settings is refused"
ur-advtrain -q --preset chen2019 -n 3 -m m.ur -o b.ur train.ur &&
    ur-dump b.ur | head -1 | jq -e '.history[-1].args | .batch == 100 and .["min-steps"] == 0 and .["eval-every"] == 100' >/dev/null
ok "--preset chen2019"

# --- refused -----------------------------------------------------------------------------

for option in "--state lstm" "--hidden 4" "--pw-dim 4" "--pw-band 20" "--dims 8-8" --batchnorm; do
	refuses 2 "^ur-advtrain: ${option% *}: not with -m" ur-advtrain $option -m m.ur -o x.ur train.ur; ok "$option with -m"
done
refuses 2 '^ur-advtrain: --policy-dims: another' ur-advtrain --policy-dims 7 -m a.ur -o x.ur train.ur; ok "other --policy-dims than the model's"
batches impressions.tsv --features id >id.ur
refuses 1 '^ur-advtrain: m.ur: feature' ur-advtrain -q -m m.ur -o x.ur id.ur; ok "a model of other features"
refuses 1 'nowhere.ur: ' ur-advtrain -q -m nowhere.ur -o x.ur train.ur; ok "no such model"
refuses 1 'ur-batches.*ur-model|ur-model.*ur-batches' ur-advtrain -q -m train.ur -o x.ur train.ur; ok "batches where a model is expected"
sed 's/\t1\t\([a-z]*\)$/\t0\t\1/' impressions.tsv >nopick.tsv
batches nopick.tsv --features id >nopick.ur
refuses 1 'nopick.ur: no training step has a pick' ur-advtrain -q -o x.ur nopick.ur; ok "no step with a pick"
refuses 1 'a.ur|policy' ur-eval --by policy -m m.ur train.ur; ok "a policy asked for where there is none"
while read -r option value; do
	refuses 2 "^ur-advtrain: $option" ur-advtrain "$option" "$value" -o x.ur train.ur
	ok "$option $value"
done <<END
--inner both
--regularizer l1
--eta 0
--eta -1
--max-steps 0
--min-steps -1
--policy-dims x
--no-click zero
--batch 0
END
refuses 2 '\-\-inner exact: not with --regularizer shannon' ur-advtrain --inner exact --regularizer shannon -o x.ur train.ur
ok "exact Shannon"
refuses 2 'output is the same file' ur-advtrain -m m.ur -o m.ur train.ur; ok "the model read and the model written are one file"
[ ! -e x.ur ]; ok "what fails leaves no file"
done_testing
