# Batches larger than the memory there is: a plain file is mapped and used in place, with the bytes of a run without a limit.
. "$T/lib.sh"
limit=56                # MB
train="ur-pretrain -q --batch 64 --iterations 5"
play="ur-advtrain -q --batch 64 --iterations 3"

awk 'BEGIN { print "timestamp,visitorid,event,itemid"; for (i = 0; i < 400000; i++) print i "," i * 7919 % 100003 ",view," i * i % 1009 }' |
    rr-sessionize --pick view --max-set 40 | ur-featurize --features id --split 18:1:1 -o train.ur
$train -o model.ur train.ur && $play -o played.ur train.ur && ur-eval --bootstrap 0 -m model.ur train.ur >table.tsv &&
    [ "$(stat -c %s train.ur)" -gt $((limit * 4 / 3 << 20)) ]
ok "batches of more than $limit MB"

# --- what a process may have of its own, which a mapped file is not -----------------------

limited() { (ulimit -d $((limit << 10)) && "$@"); }
if sanitized; then
	skip "a limit on memory" "a sanitizer needs more than that for itself"
elif limited $train -o piped.ur < <(cat train.ur) 2>err; then
	skip "a limit on memory" "ulimit -d does not hold mapped memory here"
else
	[ ! -e piped.ur ] && [ "$(wc -l <err)" = 1 ] && grep -q '^ur-pretrain: out of memory' err
	ok "$limit MB are not enough to read them from a pipe: one line, no file"
	limited $train -o limited.ur train.ur && cmp limited.ur model.ur
	ok "ur-pretrain in $limit MB: the same bytes"
	limited $train -o limited.ur <train.ur && cmp limited.ur model.ur
	ok "ur-pretrain in $limit MB, from standard input: the same bytes"
	limited $train --threads 2 -o limited.ur train.ur && cmp limited.ur model.ur
	ok "ur-pretrain in $limit MB, two threads: the same bytes"
	limited $play -o limited.ur train.ur && cmp limited.ur played.ur
	ok "ur-advtrain in $limit MB: the same bytes"
	limited ur-eval --bootstrap 0 -m model.ur train.ur | cmp - table.tsv
	ok "ur-eval in $limit MB: the same table"
fi

# --- memory and the pages of the file together ------------------------------------------

# A control group of $limit MB, of either version: its folder.
control_group()
{
	local base group file

	for base in /sys/fs/cgroup/memory /sys/fs/cgroup; do
		group=$base/ur-test-$$
		mkdir "$group" 2>/dev/null || continue
		for file in memory.limit_in_bytes memory.max; do
			[ -f "$group/$file" ] && echo $((limit << 20)) 2>/dev/null >"$group/$file" && echo "$group" && return
		done
		rmdir "$group"
	done
	return 1
}

if sanitized || ! group=$(control_group); then
	skip "ur-pretrain in a control group" "no right to make one, or a sanitizer build"
else
	sync train.ur && dd if=train.ur iflag=nocache count=0 status=none         # pages there already would not count
	bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' _ "$group" $train -o grouped.ur train.ur && cmp grouped.ur model.ur
	ok "ur-pretrain in a control group of $limit MB: the same bytes"
	rmdir "$group"
fi
done_testing
