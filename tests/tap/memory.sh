# Training on batches that are larger than the memory allowed: their file is mapped and used in place.
. "$T/lib.sh"

if nm "$(command -v ur-pretrain)" 2>/dev/null | grep -q -m1 __asan_; then
	skip "batches larger than memory" "the sanitizer keeps memory of its own"
	done_testing
	exit
fi

rr-synth -q --scale .15 --seed 1 -o log
rr-sessionize -q --pick view --max-set 100 --keep-singletons log/events.csv | ur-featurize -q -f id --min-count 1000 -o train.ur
rm -r log
limit=65536     # KiB of data of its own; mapped pages of a file are not counted
train() { ur-pretrain -q --batch 64 -n 20 --eval-every 20 --patience 0 "$@"; }

[ "$(stat -c %s train.ur)" -gt $((limit * 1024 * 5 / 4)) ]
ok "the batches are larger than the limit"
train -o free.ur train.ur && (ulimit -d $limit; train -o limited.ur train.ur) && cmp free.ur limited.ur
ok "the same model under the limit"
! (ulimit -d $limit; cat train.ur | train -o piped.ur) 2>err && [ "$(grep -c 'ur-pretrain: out of memory: ' err)" = 1 ] &&
    [ "$(wc -l <err)" = 1 ] && [ ! -e piped.ur ]
ok "a pipe is read into memory, which does not do: one line, no file"
done_testing
