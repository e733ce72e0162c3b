#!/bin/bash
# kill.sh KILLS - kills tools, pipelines, trainers and (from 50 KILLS on) a sweep at random instants, and prints TAP.
#
# Run in the folder that prepare.sh makes.  SEED chooses the instants.  After a caught signal no temporary file may
# be left; after any, a file under its final name must be the right one; restarted, all must be as if nothing had been.
. "$T/lib.sh"
kills=$1
RANDOM=${SEED:-1}
total=0 struck=0

# Starts a command with default signals in a process group of its own, as a terminal does: $! is the group.
start() { setsid env --default-signal "$@" & }

now() { echo "${EPOCHREALTIME//./}"; }

pause()         # microseconds at most: a random part of that
{
	local us=$((RANDOM * 32768 + RANDOM))

	us=$((us % ($1 + 1)))
	printf -v us '%d.%06d' $((us / 1000000)) $((us % 1000000))
	sleep "$us"
}

count_kill() { total=$((total + 1)) struck=$((struck + ($1 != 0))); }    # status

duration()      # command: how long it takes, in microseconds, and somewhat longer
{
	local begun

	begun=$(now)
	"$@" >/dev/null 2>&1
	echo $((($(now) - begun) * 11 / 10))
}

temporaries() { find . -name '*.??????' -newer prepared ! -name '*.??????.*' ! -name 'clicks.csv*' | grep -E '\.[A-Za-z0-9]{6}$'; }

# Kills the command once with the signal; the outputs (words after --) must be whole or absent.
kill_once()     # signal, microseconds, command..., --, outputs...
{
	local signal=$1 time=$2 command=() status pid begun
	shift 2
	while [ "$1" != -- ]; do command+=("$1"); shift; done
	shift
	rm -f "$@"
	start "${command[@]}" >/dev/null 2>kill.err
	pid=$!
	pause "$time"
	kill -"$signal" $pid 2>/dev/null
	begun=$SECONDS
	wait $pid 2>/dev/null
	status=$?
	count_kill $status
	[ $((SECONDS - begun)) -lt 10 ] || { echo "# took longer than 10 s to end: ${command[*]}"; return 1; }
	[ $status = 0 ] || [ $status -gt 128 ] || { echo "# status $status after SIG$signal: $(cat kill.err)"; return 1; }
	if [ -n "$(temporaries)" ]; then
		[ "$signal" = KILL ] || { echo "# left after SIG$signal: $(temporaries)"; return 1; }
		rm -f $(temporaries)
	fi
	for f in "$@"; do
		[ ! -e "$f" ] || cmp -s "$f" "right/$f" || { echo "# $f is not whole after SIG$signal"; return 1; }
	done
}

kill_tool()     # command..., --, outputs...
{
	local time bad=0 command=() all=("$@")

	while [ "$1" != -- ]; do command+=("$1"); shift; done
	shift
	mkdir -p right
	time=$(duration "${command[@]}")
	for f in "$@"; do mv "$f" right/; done
	for ((i = 0; i < kills; i++)); do
		for signal in KILL TERM INT HUP PIPE; do
			kill_once $signal "$time" "${all[@]}" || bad=1
		done
	done
	"${command[@]}" >/dev/null 2>&1
	for f in "$@"; do cmp "$f" "right/$f" || bad=1; done
	rm -rf right
	[ $bad = 0 ]
	ok "killed at random instants: ${command[*]}"
}

# One of the three tools of a pipeline is killed: the last ends with one line and no file, or all is right.
kill_pipeline()
{
	local bad=0 victim time

	pipeline() { { { echo $BASHPID >pid.0; exec rr-sessionize big.csv; } |
	    { echo $BASHPID >pid.1; exec ur-featurize --split 2:1:1; } |
	    { echo $BASHPID >pid.2; exec ur-pretrain -q --hidden 3 --dims 4 --iterations 30 -o out.ur; }; } 2>kill.err; }
	mkdir -p right
	time=$(duration pipeline)
	mv out.ur right/
	for ((i = 0; i < 3 * kills; i++)); do
		victim=$((RANDOM % 3))
		rm -f out.ur pid.?
		pipeline &
		while [ ! -s pid.0 ] || [ ! -s pid.1 ] || [ ! -s pid.2 ]; do sleep .001; done
		pause "$time"
		kill -$([ $((i % 2)) = 0 ] && echo KILL || echo TERM) "$(cat pid.$victim)" 2>/dev/null
		wait $! 2>/dev/null
		status=$?
		count_kill $status
		rm -f $([ $((i % 2)) = 0 ] && temporaries)
		[ -z "$(temporaries)" ] || { echo "# left: $(temporaries)"; bad=1; rm -f $(temporaries); }
		if [ -e out.ur ]; then
			cmp out.ur right/out.ur || bad=1
		elif [ $status = 0 ]; then
			echo "# status 0 and no file"
			bad=1
		elif [ $victim != 2 ] && ! tail -1 kill.err | grep -q '^ur-pretrain: <stdin>: '; then
			echo "# tool $victim was killed, ur-pretrain says: $(cat kill.err)"
			bad=1
		fi
	done
	rm -rf right
	[ $bad = 0 ]
	ok "a pipeline, one of its tools killed"
}

# Killed again and again, resumed each time: in the end the same bytes as without.
kill_trainer()  # command...
{
	local time bad=0 times=0

	"$@" -o right.ur --log right.tsv || bad=1
	time=$(duration "$@" -o out.ur --log log.tsv)
	while [ $times -lt "$kills" ]; do
		rm -f out.ur log.tsv check.ur
		for ((i = 0; i < 6 && times < kills; i++)); do
			kill_resumed "$time" "$@" && break
			times=$((times + 1))
		done
		"$@" --checkpoint check.ur --resume -o out.ur --log log.tsv || bad=1
		cmp out.ur right.ur && cmp log.tsv right.tsv || bad=1
	done
	rm -f $(temporaries)
	[ $bad = 0 ]
	ok "killed $times times and resumed: $*"
}

kill_resumed()  # microseconds, command...: 0 when it came to its end before
{
	local time=$1 status
	shift
	start "$@" --checkpoint check.ur --resume -o out.ur --log log.tsv 2>/dev/null
	pause "$time"
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
	status=$?
	count_kill $status
	return $status
}

kill_sweep()
{
	local time bad=0 times=0 pid

	ur-grid lr=1e-3,5e-4 seed=1:4 >grid.tsv
	sed -i 's/^/iterations\thidden\t/; 2,$s/iterations\thidden/20\t3/' grid.tsv
	ur-sweep -q grid.tsv train.ur quiet 2>sweep.err || { echo "# $(head -3 sweep.err)"; bad=1; }
	time=$(duration ur-sweep -q grid.tsv train.ur timed)
	for ((times = 0; times < kills; times++)); do
		[ $((times % 8)) = 0 ] && rm -rf killed
		start ur-sweep -q grid.tsv train.ur killed 2>/dev/null
		pid=$!
		pause "$time"
		if [ $((times % 2)) = 0 ]; then kill -KILL -- -$pid; else kill -KILL $pid; fi 2>/dev/null
		wait $pid 2>/dev/null
		count_kill $?
		if [ $((times % 8)) = 7 ] || [ $((times + 1)) = "$kills" ]; then
			ur-sweep -q grid.tsv train.ur killed 2>/dev/null && cmp quiet/sweep.tsv killed/sweep.tsv &&
			    diff -r -x joblog quiet killed || bad=1
		fi
	done
	[ $bad = 0 ]
	ok "a sweep killed $times times"
}

awk 'BEGIN {
	srand(5)
	print "timestamp,visitorid,event,itemid"
	for (i = 0; i < 60000; i++)
		printf "%d,%d,%s,%d\n", i * 1000, rand() * 3000, rand() < .1 ? "addtocart" : "view", rand() * 9
}' >big.csv
touch prepared
sleep .01
kill_tool rr-sessionize --stats stats.json -o out.ur big.csv -- out.ur stats.json
rr-sessionize -o big.ur big.csv
kill_tool rr-synth --scale .01 --truth truth.ur -o . -- events.csv item_properties_part1.csv item_properties_part2.csv category_tree.csv truth.ur
kill_tool ur-featurize -o out.ur big.ur -- out.ur
ur-featurize --split 2:1:1 -o many.ur big.ur
kill_tool ur-dump many.ur --
kill_tool ur-eval -m model.ur --bootstrap 500 -o out.tsv train.ur -- out.tsv
kill_tool ur-pretrain -q --hidden 3 --dims 4 --iterations 30 --log log.tsv -o out.ur train.ur -- out.ur log.tsv
kill_tool ur-advtrain -q --hidden 3 --dims 4 --policy-dims 4 --iterations 10 --log log.tsv -o out.ur train.ur -- out.ur log.tsv
kill_tool ur-pretrain -q --hidden 3 --dims 4 --iterations 60 --eval-every 1 --patience 0 --threads 2 --checkpoint going.ur -o out.ur train.ur -- out.ur
kill_pipeline
kill_trainer ur-pretrain -q --hidden 5 --dims 8 --iterations 100 --eval-every 2 --patience 0 train.ur
kill_trainer ur-advtrain -q --hidden 5 --dims 8 --policy-dims 8 --iterations 60 --eval-every 2 --patience 0 train.ur
[ "$kills" -lt 50 ] || kill_sweep
echo "# $total kills, $struck of them before the end"
done_testing
