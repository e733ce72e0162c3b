# pipelines/sweep with stubs for the tools: what is run, what is run again, and what stops it.
. "$T/lib.sh"
export PATH="$T/stub:$PATH" STUB_ONCE=$PWD/once
echo batches >b.ur
ur-grid lr=1e-3,5e-4 batchnorm=-,yes seed=1:5 >grid.tsv

ur-sweep -q -j 2 grid.tsv b.ur quiet && [ "$(wc -l <quiet/sweep.tsv)" = 21 ] && ! grep -q nan.*nan.*nan.*nan.*nan.*nan quiet/sweep.tsv
ok "a row for each run"
[ "$(head -2 quiet/sweep.tsv | tail -1 | cut -f 1-4)" = "1e-3	-	1	0" ]
ok "rows are the grid's, with the status"
awk -F'\t' 'NR > 1 && $7 != 0 { bad = 1 } END { exit bad || NR != 21 }' quiet/joblog
ok "the joblog has them"
for jobs in 1 4; do
	ur-sweep -q -j $jobs grid.tsv b.ur jobs$jobs && cmp quiet/sweep.tsv jobs$jobs/sweep.tsv
	ok "$jobs jobs, same table"
done

cp grid.tsv lr=1.tsv && cp grid.tsv ./-g && cp b.ur ./-b
ur-sweep -q lr=1.tsv b.ur equals && cmp quiet/sweep.tsv equals/sweep.tsv && ur-sweep -q -- -g -b -d && cmp quiet/sweep.tsv ./-d/sweep.tsv &&
    ur-rank -- -d | cmp - <(ur-rank quiet)
ok "names with an equals sign, or a hyphen before"

one=$(ls -d quiet/*seed=1,*batches=* | head -1)
harm()          # name, command
{
	cp -r quiet harmed
	(cd harmed/"${one##*/}" && eval "$2")
	[ "$(ur-sweep -v grid.tsv b.ur harmed 2>&1 | grep -c '1 of 1:')" = 1 ] && cmp quiet/sweep.tsv harmed/sweep.tsv &&
	    diff -r "$one" harmed/"${one##*/}"
	ok "a run is made again $1"
	rm -rf harmed
}
harm "whose model is cut" 'truncate -s 3 model.ur'
harm "without its figures" 'rm validation.tsv'
harm "whose log has changed" 'sed -i s/7/8/ log.tsv'
harm "whose checksums are cut" 'truncate -s -20 whole'
harm "whose checksums are empty" ': >whole'
harm "that is gone, though in the joblog" 'rm -r ../"${PWD##*/}"'
ur-sweep -v grid.tsv b.ur quiet 2>log && grep -q '20 runs, 0 of them now' log
ok "what is whole is not made again"

ur-grid lr=1e-3,5e-4,2e-3 batchnorm=-,yes seed=1:5 >more.tsv
cp -r quiet more && ur-sweep more.tsv b.ur more 2>log && grep -q '30 runs, 10 of them now' log && cmp <(head -21 more/sweep.tsv) quiet/sweep.tsv
ok "rows can be added"
echo other >c.ur
ur-sweep grid.tsv c.ur more 2>log && grep -q '20 runs, 20 of them now' log
ok "other batches, other runs"

# Kills: of all its processes at once, and of the script alone, which leaves trainings behind.
RANDOM=7
for ((i = 0; i < 10; i++)); do
	STUB_SLEEP=.03 setsid "$(command -v ur-sweep)" -q grid.tsv b.ur killed 2>/dev/null &
	sleep "0.$((RANDOM % 20 + 15))"
	if [ $((i % 2)) = 0 ]; then kill -KILL -- -$! 2>/dev/null; else kill -KILL $!; fi
	wait $! 2>/dev/null
done
ur-sweep -q grid.tsv b.ur killed 2>/dev/null && cmp quiet/sweep.tsv killed/sweep.tsv && ! ls -d killed/.run.* 2>/dev/null
ok "killed ten times, same table"
STUB_SLEEP=.3 ur-sweep -q -j 2 grid.tsv b.ur alone &
until compgen -G 'alone/*seed=*' >/dev/null; do sleep .05; done
kill -KILL $!
wait $! 2>/dev/null
before=
while now=$(ls -A alone) && [ "$now" != "$before" ]; do before=$now; sleep 1; done
[ "$(ls -d alone/*seed=* | wc -l)" -lt 20 ] && ! ls -d alone/.run.* 2>/dev/null
ok "killed alone, it ends with the trainings under way"
STUB_SLEEP=.3 ur-sweep -q grid.tsv b.ur stopped &
sleep .6
kill -TERM $!
wait $!
[ $? = 143 ] && ! ls -d stopped/.run.* 2>/dev/null
ok "SIGTERM ends it and leaves no scratch"

ur-grid lr=1e-3,9,5e-4 seed=1:2 >grid3.tsv
ur-sweep -q grid3.tsv b.ur diverged && [ "$(cut -f 3 diverged/sweep.tsv | tr '\n' ' ')" = "status 0 0 3 3 0 0 " ] &&
    [ "$(cut -f 7 diverged/joblog | grep -c 3)" = 2 ]
ok "status 3 is a result"
ur-sweep diverged.tsv b.ur x 2>/dev/null; ur-sweep grid3.tsv b.ur diverged 2>log && grep -q ' 0 of them now' log
ok "and is not tried again"

ur-grid lr=1e-3,8 seed=1:2 >grid1.tsv
ur-sweep -q grid1.tsv b.ur failed 2>log
[ $? = 1 ] && grep -q 'lr=8,seed=1,batches=.*: ur-pretrain: no training steps' log && tail -1 log | grep -q '2 of 4 runs failed' &&
    [ "$(cut -f 3 failed/sweep.tsv | tr '\n' ' ')" = "status 0 0 1 1 " ]
ok "status 1: the others are made, the message is shown"
ur-grid lr=7 >grid7.tsv
ur-sweep -q grid7.tsv b.ur again && [ -f once ]
ok "status 1 is tried again"

ur-grid lr=1e-3,-5,5e-4 seed=1:30 >grid2.tsv
refuses 2 "lr=-5,seed=.*: ur-pretrain: --lr: '-5' is not" ur-sweep -q -j 1 grid2.tsv b.ur typo
ok "status 2 stops the sweep" && [ "$(ls -d typo/*batches=* | wc -l)" = 30 ]
ok "at once"

ur-sweep --row 3 grid.tsv b.ur array && ls -d array/*seed=3,* >/dev/null && [ "$(ls array | wc -l)" = 1 ]
ok "--row makes one run"
for row in $(seq 20); do
	SLURM_ARRAY_TASK_ID=$row bash "$T/../pipelines/sweep.sbatch" grid.tsv b.ur array || break
done
ur-sweep grid.tsv b.ur array 2>log && grep -q ' 0 of them now' log && cmp quiet/sweep.tsv array/sweep.tsv
ok "and all of them, by sweep.sbatch, make the sweep"

while IFS='|' read -r status pattern words; do
	refuses "$status" "^ur-sweep: $pattern" ur-sweep $words
	ok "refuses ${words:-nothing}"
done <<'END'
2|expected grid.tsv, batches and dir|
2|expected grid.tsv, batches and dir|grid.tsv b.ur
2|--jobs: '0' is not|-j 0 grid.tsv b.ur d
2|--jobs: 'x' is not|--jobs=x grid.tsv b.ur d
2|--row: '0' is not|-r 0 grid.tsv b.ur d
2|--row: grid.tsv has no row 21|-r 21 grid.tsv b.ur d
2|--row trains here|-r 1 -n grid.tsv grid.tsv b.ur d
1|nope: not there|nope b.ur d
1|nope: not there|grid.tsv nope d
1|nope: not there|-n nope grid.tsv b.ur d
1|/dev/null/d: cannot be made|grid.tsv b.ur /dev/null/d
END
refuses_grid()  # status, pattern, grid
{
	printf "$3" >bad.tsv
	refuses "$1" "^ur-sweep: bad.tsv: $2" ur-sweep bad.tsv b.ur d
	ok "refuses a grid: $2"
}
refuses_grid 1 'is empty' ''
refuses_grid 1 'line 2: 1 values, the header has 2' 'lr\tseed\n1\n'
refuses_grid 2 'line 1: depth is no option' 'depth\n1\n'
refuses_grid 2 'line 1: output is set by the sweep' 'output\nx\n'
refuses_grid 2 'line 1: lr is there twice' 'lr\tlr\n1\t1\n'
refuses_grid 2 'line 3: the same run as line 2' 'lr\n1\n1\n'
refuses_grid 2 'line 2: batchnorm: "no" is neither' 'batchnorm\nno\n'
refuses_grid 2 'line 2: lr: "a b" is no value' 'lr\na b\n'

# --- the real tools --------------------------------------------------------------------
export PATH=$BUILD:$PATH
{ printf 'timestamp,visitorid,event,itemid\n'
awk 'BEGIN { srand(7); for (u = 1; u <= 80; u++) for (s = 0; s < 1 + u % 3; s++) { at = 1e6 * s
	for (i = 0; i < 2 + rand() * 3; i++) printf "%d,%d,view,%d\n", at + 1000 * i, u, item[i] = int(20 * rand() ^ 2)
	printf "%d,%d,addtocart,%d\n", at + 9000, u, item[int(i * rand())] } }'
} | rr-sessionize -q - | ur-featurize -q --split 2:1:1 -o train.ur
ur-grid state=lstm,none dims=8,0 iterations=40 select=prec@1 seed=1:2 >real.tsv
ur-sweep -q -j 2 real.tsv train.ur real && ! grep -q nan.*nan real/sweep.tsv && [ "$(cut -f 6 real/sweep.tsv | sort -u | tr '\n' ' ')" = "0 status " ]
ok "real trainings"
ur-sweep -q -j 1 real.tsv train.ur real1 && cmp real/sweep.tsv real1/sweep.tsv && diff -r -x joblog real real1
ok "one at a time: the same bytes"
for delay in .1 .2 .3; do
	setsid "$(command -v ur-sweep)" -q real.tsv train.ur real2 &
	sleep $delay
	kill -KILL -- -$!
	wait $! 2>/dev/null
done
ur-sweep -q real.tsv train.ur real2 && cmp real/sweep.tsv real2/sweep.tsv && cmp <(ur-rank real) <(ur-rank real2)
ok "killed: the same table and ranking"
export PATH=$T/stub:$PATH

# --- over ssh ----------------------------------------------------------------------
sshd=$(command -v sshd || echo /usr/sbin/sshd)
if ! [ -x "$sshd" ] || ! command -v ssh >/dev/null; then
	skip "--nodes over ssh" "no sshd"
	done_testing
fi
port=$((20000 + $$ % 20000))
ssh-keygen -q -t ed25519 -N '' -f key && cp key.pub authorized
cat >sshd.conf <<END
Port $port
ListenAddress 127.0.0.1
ListenAddress 127.0.0.2
HostKey $PWD/key
AuthorizedKeysFile $PWD/authorized
StrictModes no
PidFile $PWD/sshd.pid
UsePAM no
SetEnv HOME=$PWD/home
END
mkdir home
[ "$(id -u)" = 0 ] && mkdir -p /run/sshd
"$sshd" -f sshd.conf -E sshd.log || { skip "--nodes over ssh" "sshd does not start"; done_testing; }
export UR_SSH="ssh -p $port -i $PWD/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
printf '# two\n2/127.0.0.1\n127.0.0.2\n' >hosts
ur-sweep --nodes hosts grid.tsv b.ur nodes 2>log && cmp quiet/sweep.tsv nodes/sweep.tsv
ok "--nodes over ssh: same table" || sed 's/^/# /' log sshd.log
printf '1/127.0.0.1\n1/127.0.0.9\n' >hosts
ur-sweep --nodes hosts grid3.tsv b.ur nodes 2>log && grep -q '127.0.0.9: left out' log && cmp diverged/sweep.tsv nodes/sweep.tsv
ok "a host that does not answer is left out" || sed 's/^/# /' log
printf '127.0.0.9\n' >hosts
refuses 1 'hosts: no host can be used' ur-sweep -q -n hosts grid1.tsv b.ur nodes
ok "no host at all is an error"
kill "$(cat sshd.pid)"
done_testing
