# ur-pretrain on choices made up here: what it keeps, what it logs, and that the same comes out again.
. "$T/lib.sh"
. "$T/choices.sh"

choices 60 >impressions.tsv
batches impressions.tsv >train.ur
quick="-q --hidden 4 --dims 8-8 --batch 16 --iterations 12 --eval-every 3"

# --- the log, and the model kept ------------------------------------------------

ur-pretrain $quick --patience 0 --log log.tsv -o a.ur train.ur &&
[ "$(head -1 log.tsv)" = "$(printf 'iteration\ttrain_nll\tnll\tprec@1\tprec@2')" ] &&
[ "$(cut -f1 log.tsv | tail -n +2 | xargs)" = "3 6 9 12" ]; ok "the log has a header and a row for each evaluation"

ur-pretrain $quick --iterations 11 --log log11.tsv -o /dev/null train.ur &&
[ "$(tail -1 log11.tsv | cut -f1)" = 11 ]; ok "the last iteration is judged even where no evaluation is due"

kept=$(ur-dump a.ur | head -1 | jq '.metrics.iteration')
best=$(tail -n +2 log.tsv | sort -s -g -k3,3 | head -1 | cut -f1)
[ "$kept" = "$best" ]; ok "the model kept is the one with the least nll on validation steps"

ur-pretrain $quick --select prec@1 --patience 0 -o p.ur train.ur
kept=$(ur-dump p.ur | head -1 | jq '.metrics.iteration')
best=$(tail -n +2 log.tsv | sort -s -g -r -k4,4 | head -1 | cut -f1)
[ "$kept" = "$best" ]; ok "with --select prec@1 the earliest with the most hits"

ur-pretrain $quick --iterations 1000 --patience 2 --lr .05 --log patience.tsv -o /dev/null train.ur
tail -n +2 patience.tsv | awk '{ if (NR == 1 || $3 < best) { best = $3; at = NR } } END { exit !(NR - at == 2 && $1 < 1000) }'
ok "--patience 2 stops two evaluations after the best"

ur-pretrain $quick --state none --dims 0 --ridge none --iterations 300 --patience 0 --eval-every 300 --lr .05 -o logit.ur train.ur
ur-dump logit.ur | head -1 | jq -e '.metrics.train_nll < .95' >/dev/null
ok "it learns what there is to learn (uniform: log 3)"

# --- the same again --------------------------------------------------------------

for state in lstm pw none; do
	ur-pretrain $quick --state $state -o a.ur train.ur && ur-pretrain $quick --state $state -o b.ur - <train.ur &&
	    cat train.ur | ur-pretrain $quick --state $state >c.ur && cmp a.ur b.ur && cmp a.ur c.ur
	ok "$state: the same bytes from a file, standard input and a pipe"
	ur-pretrain $quick --state $state --threads 3 -o b.ur train.ur && cmp a.ur b.ur
	ok "$state: the same bytes with three threads"
	ur-pretrain $quick --state $state --seed 2 -o b.ur train.ur
	ok "$state: another seed, another model"
	ur-pretrain $quick --state $state -n 5 --checkpoint $state.ckpt --log l5.tsv -o /dev/null train.ur &&
	    ur-pretrain $quick --state $state --checkpoint $state.ckpt --resume --log resumed.tsv -o b.ur train.ur &&
	    ur-pretrain $quick --state $state --log straight.tsv -o a.ur train.ur && cmp a.ur b.ur && cmp resumed.tsv straight.tsv
	ok "$state: 5 + 7 iterations through a checkpoint are 12"
done
if command -v qemu-x86_64-static >/dev/null && ! sanitized; then
	# all but the header, which names the processor
	ur-pretrain $quick -o a.ur train.ur
	qemu-x86_64-static -cpu Nehalem "$BUILD/ur-pretrain" $quick -o b.ur train.ur &&
	    cmp <(ur-dump a.ur | tail -n +2) <(ur-dump b.ur | tail -n +2)
	ok "the same model without AVX"
else
	skip "the same model without AVX" "no qemu-x86_64-static, or a sanitizer build"
fi

ur-pretrain $quick --lazy-adam -n 5 --checkpoint lazy.ckpt -o /dev/null train.ur &&
    ur-pretrain $quick --lazy-adam --checkpoint lazy.ckpt --resume -o b.ur train.ur && ur-pretrain $quick --lazy-adam -o a.ur train.ur &&
    cmp a.ur b.ur && ur-pretrain $quick -o c.ur train.ur && ! cmp -s a.ur c.ur
ok "--lazy-adam: 5 + 7 iterations through a checkpoint are 12, and not those of Adam"
ur-pretrain $quick --batch 1000000 -o a.ur train.ur; ok "a batch larger than there are users"

ur-pretrain $quick -n 1 --seed 18446744073709551615 -o seed.ur train.ur &&
    [ "$(ur-dump seed.ur | head -1 | grep -o '"seed":18446744073709551615' | wc -l)" = 2 ]
ok "the greatest seed, in the history and the settings"

# --- checkpoints -------------------------------------------------------------------

rm -f none.ckpt
ur-pretrain $quick --checkpoint none.ckpt --resume -o b.ur train.ur && ur-pretrain $quick -o a.ur train.ur && cmp a.ur b.ur
ok "--resume without a checkpoint starts afresh"
ur-pretrain $quick --checkpoint none.ckpt --resume -o b.ur train.ur && cmp a.ur b.ur
ok "--resume after the end gives the model again"
refuses 1 'none.ckpt: it has done 12 iterations, expected 11 at most' \
    ur-pretrain $quick --iterations 11 --checkpoint none.ckpt --resume -o x.ur train.ur
ok "a checkpoint beyond --iterations is refused"
refuses 1 'none.ckpt: it was made with lr=[0-9.e-]{1,6}, expected lr=0.00123 as now' \
    ur-pretrain $quick --lr .00123 --checkpoint none.ckpt --resume -o x.ur train.ur
ok "a checkpoint of other settings is refused"
refuses 1 'none.ckpt: it was made with seed=1, expected seed=2' \
    ur-pretrain $quick --seed 2 --checkpoint none.ckpt --resume -o x.ur train.ur
ok "a checkpoint of another seed is refused"
choices 61 >other.tsv
batches other.tsv >other.ur
refuses 1 'none.ckpt: it was made with other batches' ur-pretrain $quick --checkpoint none.ckpt --resume -o x.ur other.ur
ok "a checkpoint of other batches is refused"
refuses 1 'none.ckpt: it was made from another starting model' \
    ur-pretrain $quick --seed 1 --init p.ur --checkpoint none.ckpt --resume -o x.ur train.ur
ok "a checkpoint of another starting model is refused"
size=$(stat -c %s none.ckpt) bad=0
for cut in 0 5 9 10 12 40 $((size / 2)) $((size - 40)) $((size - 1)); do
	head -c $cut none.ckpt >cut.ckpt
	refuses 1 'cut.ckpt: ' ur-pretrain $quick --checkpoint cut.ckpt --resume -o x.ur train.ur || bad=1
done
[ $bad = 0 ] && [ ! -e x.ur ]; ok "a truncated checkpoint is refused"
cp none.ckpt flip.ckpt && printf '\377\377' | dd of=flip.ckpt bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
refuses 1 'flip.ckpt: .*checksum' ur-pretrain $quick --checkpoint flip.ckpt --resume -o x.ur train.ur
ok "a damaged checkpoint is refused"
refuses 1 'b.ur: not a checkpoint' ur-pretrain $quick --checkpoint b.ur --resume -o x.ur train.ur
ok "a model is no checkpoint"

# Killed at some instant, resumed until it is through: the model and the log of an undisturbed run.
long="-q --hidden 4 --dims 8-8 --batch 16 --iterations 5000 --eval-every 50 --patience 0"
ur-pretrain $long --log straight.tsv -o a.ur train.ur
bad=0 kills=0
for i in $(seq 20); do
	rm -f k.ckpt b.ur
	for delay in .0$((RANDOM % 10)) .0$((RANDOM % 10)) none; do
		ur-pretrain $long --checkpoint k.ckpt --resume --log killed.tsv -o b.ur train.ur 2>/dev/null &
		pid=$!
		[ $delay = none ] || { sleep $delay; kill -9 $pid 2>/dev/null && kills=$((kills + 1)); }
		wait $pid 2>/dev/null && break
	done
	cmp a.ur b.ur && cmp straight.tsv killed.tsv || bad=1
done
echo "# killed $kills times"
[ $bad = 0 ] && [ $kills -ge 10 ]; ok "killed at any instant and resumed, the model and the log are those of an undisturbed run"

# --- the logit ----------------------------------------------------------------------

ur-pretrain -v --state none --dims 0 --ridge .01 -o a.ur train.ur 2>a.txt &&
    ur-pretrain -v --state none --dims 0 --ridge .01 --seed 9 -o b.ur train.ur 2>b.txt
value() { sed -n 's/.*objective \([0-9.]*\).*/\1/p' $1; }
awk -v a="$(value a.txt)" -v b="$(value b.txt)" 'BEGIN { d = a - b; exit !(a > 0 && d < 1e-8 && d > -1e-8) }'
ok "--ridge: the optimum, from two starts"
choices 30 | sed 's/validation/train/' >alone.tsv
batches alone.tsv >alone.ur
ur-pretrain -q --state none --dims 0 -o a.ur alone.ur 2>alone.txt && ur-pretrain -q --state none --dims 0 --ridge .01 -o b.ur alone.ur &&
    grep -q '^ur-pretrain: there are no validation steps to choose the ridge by: it is 0.01$' alone.txt
ok "--ridge: without validation steps"
ur-pretrain --state none --dims 0 --log grid.tsv -o a.ur train.ur 2>grid.txt
[ "$(grep -c 'ridge' grid.txt)" = 11 ] && [ "$(wc -l <grid.tsv)" = 12 ] &&
    ur-dump a.ur | head -1 | jq -e '.training.ridge > 0' >/dev/null
ok "without --ridge L is chosen from a printed grid"

# --- sparsemax, batch normalisation, no-click ------------------------------------------

ur-pretrain $quick --loss sparsemax -o s.ur train.ur && ur-dump s.ur | head -1 | jq -e '.arch.loss == "sparsemax"' >/dev/null
ok "--loss sparsemax"
ur-pretrain $quick --batchnorm -o bn.ur train.ur &&
    ur-dump bn.ur | jq -se 'map(select(.name == "mlp.0.bn.mean"))[0].data | map(select(. != 0)) | length > 0' >/dev/null
ok "--batchnorm keeps running statistics"
sed 's/\t1\ttrain$/\t0\ttrain/' impressions.tsv | batches - >nopick.ur 2>/dev/null
awk -F'\t' -v OFS='\t' 'NR > 1 && $1 % 2 { $4 = 0 } 1' impressions.tsv >some.tsv
batches some.tsv >some.ur
ur-pretrain $quick -o n.ur some.ur && ur-dump n.ur | head -1 | jq -e '.arch["no-click"] == "zero"' >/dev/null
ok "--no-click auto: steps without a pick make it zero"
ur-pretrain $quick -o n.ur train.ur && ur-dump n.ur | head -1 | jq -e '.arch["no-click"] == "none"' >/dev/null
ok "--no-click auto: none where every step has a pick"
ur-pretrain $quick --loss sparsemax -o n.ur some.ur && ur-dump n.ur | head -1 | jq -e '.arch["no-click"] == "none"' >/dev/null
ok "--no-click auto: none with sparsemax"
ur-pretrain $quick --preset chen2019 -n 5 --loss sparsemax -o n.ur some.ur
ok "a no-click of the preset gives way to sparsemax"
refuses 1 'nopick.ur: no training step has a pick' ur-pretrain $quick --loss sparsemax -o x.ur nopick.ur
ok "sparsemax needs a pick"

# --- starting from a model ---------------------------------------------------------------

tensors() { ur-dump $1 | jq -c 'select(.data) | [.name, .data]'; }
ur-pretrain $quick -o l.ur train.ur && ur-pretrain $quick -n 0 --init l.ur -o x.ur train.ur &&
    [ -n "$(tensors l.ur)" ] && [ "$(tensors l.ur)" = "$(tensors x.ur)" ]
ok "--init: no iteration, the same values"
rm -f x.ur
refuses 2 '\-\-hidden: another than that of the model of --init' ur-pretrain -q --hidden 5 --init l.ur -o x.ur train.ur
ok "--init: another architecture is refused"
batches impressions.tsv --features id >id.ur
refuses 1 'l.ur: feature' ur-pretrain -q -n 3 --init l.ur -o x.ur id.ur
ok "--init: other features are refused"

# --- when there is little to go by ----------------------------------------------------------

batches impressions.tsv --split 1:0:0 >all.ur
ur-pretrain $quick -o last.ur all.ur 2>warn.txt && grep -q 'no validation steps.*last model is kept' warn.txt &&
    [ "$(ur-dump last.ur | head -1 | jq .metrics.iteration)" = 12 ]
ok "without validation steps the last model is kept, with a warning"
sed 's/\t1\tvalidation$/\t0\tvalidation/' some.tsv | batches - >unpicked.ur
ur-pretrain $quick --patience 1 --select prec@1 -o last.ur unpicked.ur 2>warn.txt && grep -q 'no validation steps.*last model is kept' warn.txt &&
    [ "$(ur-dump last.ur | head -1 | jq .metrics.iteration)" = 12 ] &&
    ur-pretrain -q --state none --dims 0 --select prec@2 -o last.ur unpicked.ur 2>warn.txt && grep -q 'no validation steps.*ridge' warn.txt &&
    ur-pretrain $quick --select nll -o last.ur unpicked.ur 2>warn.txt && [ ! -s warn.txt ]
ok "--select prec@1: validation steps without a pick are nothing to choose by"
batches impressions.tsv --spec train.ur --split 0:1:1 >nothing.ur
refuses 1 'nothing.ur: there are no training steps' ur-pretrain $quick -o x.ur nothing.ur
ok "no training steps"
ur-pretrain $quick --lr 1e30 --log div.tsv -o d.ur train.ur 2>div.txt
[ $? = 3 ] && grep -Eq 'training diverged: iteration [0-9]+: ' div.txt && [ ! -e d.ur ]
ok "divergence before anything could be kept: status 3, no model"
for lr in 1e4 3e4 1e5 3e5 1e6 3e6 1e7 3e7 1e8; do       # at one of them it comes late enough
	rm -f d.ur
	ur-pretrain $quick --dims 8-8-8-8-8-8 --patience 0 -n 300 --eval-every 1 --lr $lr --log div.tsv -o d.ur train.ur 2>div.txt
	[ $? = 3 ] && [ -e d.ur ] && break
done
[ -e d.ur ] && grep -Eq '^ur-pretrain: training diverged: iteration [0-9]+: [^;]*$' div.txt && [ "$(wc -l <div.txt)" = 1 ] &&
    [ "$(ur-dump d.ur | head -1 | jq .metrics.iteration)" = "$(sed 1d div.tsv | sort -s -g -k3,3 | head -1 | cut -f1)" ]
ok "divergence later: status 3, and the best model so far"
script -qec "ur-pretrain --preset chen2019 -n 3000 -o d.ur train.ur" /dev/null </dev/null >terminal.txt 2>&1
if [ -s terminal.txt ]; then
	tr '\r' '\n' <terminal.txt | grep -Eq '\[#+\.*\] [0-9]+/3000 it [0-9]+/s [0-9]+:[0-9]+ left  nll '; ok "progress on a terminal"
else
	skip "progress on a terminal" "no script(1)"
fi
ur-pretrain -v $quick -o d.ur train.ur 2>quiet.txt; [ ! -s quiet.txt ]; ok "-q says nothing"
ur-pretrain -v ${quick#-q} -o d.ur train.ur 2>verbose.txt
[ "$(grep -c '^ur-pretrain: iteration [0-9]*: ' verbose.txt)" = 4 ]; ok "-v has a line for each evaluation"

# --- the command line ------------------------------------------------------------------------

while read -r option value; do
	refuses 2 "^ur-pretrain: $option" ur-pretrain "$option" "$value" -o x.ur train.ur
	ok "$option $value"
done <<END
--state gru
--hidden 0
--pw-dim 0
--pw-band 0
--dims 64-x
--dims 64--64
--loss mse
--eta 0
--ridge 0
--ridge x
--no-click one
--lr -1
--lr 1e
--lr nan
--lr 0x1p-3
--ridge 0x1p-3
--lr +.5
--l2 -1
--batch 0
--iterations -1
--eval-every 0
--patience -1
--select mrr
--seed -1
--threads 0
--preset chen2018
END
refuses 2 '\-\-no-click zero: not with --loss sparsemax' ur-pretrain --loss sparsemax --no-click zero -o x.ur train.ur
ok "--no-click zero with sparsemax"
refuses 2 '\-\-resume: there is no --checkpoint' ur-pretrain --resume -o x.ur train.ur; ok "--resume alone"
refuses 2 'train.ur: output is the same file as the input' ur-pretrain -o train.ur train.ur; ok "input = output"
! ur-pretrain -o train.ur <train.ur 2>err && grep -q 'train.ur: output is the same file as the input <stdin>' err; ok "standard input = output"
refuses 2 'train.ur: output is the same file as the input' ur-pretrain --log train.ur -o x.ur train.ur; ok "input = log"
refuses 2 'one file for two outputs' ur-pretrain --log x.ur -o x.ur train.ur; ok "two outputs in one file"
refuses 2 'one batches file' ur-pretrain -o x.ur train.ur train.ur; ok "two inputs"
refuses 1 '/dev/full: ' ur-pretrain $quick -o /dev/full train.ur; ok "a full device"
refuses 1 'a.ur: .*ur-model.*ur-batches' ur-pretrain $quick -o x.ur a.ur; ok "a model where batches are expected"
refuses 1 'nowhere/c: ' ur-pretrain $quick --checkpoint nowhere/c -o x.ur train.ur; ok "a checkpoint that cannot be written"
[ ! -e x.ur ]; ok "what fails leaves no file"
done_testing
