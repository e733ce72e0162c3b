# pipelines/sorted, pipelines/shard, pipelines/serp-to-impressions, pipelines/demo: large logs and result pages.
. "$T/lib.sh"
zstd -dcq "$T/data/retailrocket/events.csv.zst" >events.csv
rr-sessionize -o sessions.ur events.csv
ur-featurize -o batches.ur sessions.ur

# --- sorted -----------------------------------------------------------------------

gzip -1c events.csv >events.csv.gz
zstd -qc events.csv >events.csv.zst
for log in events.csv events.csv.gz events.csv.zst; do
	ur-sorted -m 1M "$log" | cmp -s - sessions.ur
	ok "sorted: $log"
done
ur-sorted <events.csv | cmp -s - sessions.ur
ok "sorted: standard input"
ur-sorted <(cat events.csv) | cmp -s - sessions.ur
ok "sorted: a pipe with a name"
cp events.csv.gz ./-e.gz && ur-sorted -- -e.gz | cmp -s - sessions.ur
ok "sorted: a name that begins with a hyphen"
awk -F, -v OFS='\t' '{ print $4, $2, "x", $1, $3 "\r" }' events.csv >other.tsv
ur-sorted other.tsv | cmp -s - sessions.ur
ok "sorted: other order of columns, tabs, CRLF"
printf '%s\n' who,at,event,itemid 10,2020-01-02T00:00:01Z,addtocart,5 9,2020-01-01,view,1 10,2020-01-02,view,5 10,2020-01-01T23:59:59Z,view,6 >iso.csv
rr-sessionize --columns visitorid=who,timestamp=at --time-unit iso -o want.ur iso.csv
ur-sorted iso.csv --columns visitorid=who,timestamp=at --time-unit=iso | cmp -s - want.ur
ok "sorted: other names of columns, iso times"
ur-sorted events.csv -o got.ur --history views --stats got.json && rr-sessionize --history views events.csv | cmp -s - got.ur &&
    [ "$(jq .sessions got.json)" = 62191 ]
ok "sorted: options of rr-sessionize"
head -c 100000 events.csv.gz >cut.gz
refuses 1 '^ur-sorted: gzip: cut.gz: unexpected end' ur-sorted cut.gz -o bad.ur && [ ! -e bad.ur ]
ok "sorted: a log cut off"
sed '5000s/,[a-z]*,/,wish,/' events.csv >wish.csv
refuses 1 '^rr-sessionize: <stdin>: line [0-9]*: event "wish"' ur-sorted wish.csv -o bad.ur && [ ! -e bad.ur ]
ok "sorted: a bad row"
printf 'a,b\n1,2\n' >names.csv
refuses 1 'no column "timestamp"' ur-sorted names.csv -o bad.ur
ok "sorted: a missing column"
: >empty.csv
refuses 1 'empty, expected a header' ur-sorted empty.csv -o bad.ur
ok "sorted: an empty file"
refuses 1 '^ur-sorted: none.csv: cannot be read' ur-sorted none.csv
ok "sorted: no such file"
refuses 1 '^ur-sorted: ' bash -c 'ulimit -f 100; exec ur-sorted -m 1M events.csv -o bad.ur' && [ ! -e bad.ur ]
ok "sorted: no room to sort"
refuses 2 "^ur-sorted: --memory: 'lots' is not a size" ur-sorted -m lots events.csv
ok "sorted: a size that is none"
refuses 2 "^ur-sorted: --temporary: 'none' is not a folder" ur-sorted -T none events.csv
ok "sorted: a folder that is none"

# --- shard ------------------------------------------------------------------------

if command -v parallel >/dev/null; then
	for parts in 1 2 3; do
		ur-shard $parts events.csv | ur-featurize | cmp -s - batches.ur
		ok "shard: $parts of them, the same batches"
	done
	PARALLEL='--tag --dry-run' ur-shard 2 events.csv | ur-featurize | cmp -s - batches.ur
	ok "shard: a user's own options of GNU parallel do not get into the stream"
	ur-shard -o got.ur -j 1 2 "$PWD/events.csv.gz" --history views && rr-sessionize --history views events.csv | ur-featurize >want.ur &&
	    ur-featurize got.ur | cmp -s - want.ur && [ -z "$(ls got.ur.* 2>/dev/null)" ]
	ok "shard: a file, options of rr-sessionize"
	refuses 1 '^ur-shard: .*wish.csv: line 5000: event "wish"' ur-shard -o bad.ur 2 wish.csv && [ -z "$(ls bad.ur* 2>/dev/null)" ]
	ok "shard: a bad row"
	refuses 1 '^ur-shard: none.csv: cannot be read' ur-shard -o bad.ur 2 none.csv
	ok "shard: no such file"
	refuses 1 '^ur-shard: ' ur-shard -o none/such.ur 2 events.csv
	ok "shard: no folder for the output"
	if mknod null c 1 3 2>/dev/null && : 2>/dev/null >null; then
		ur-shard -o null 2 events.csv && [ -c null ]
		ok "shard: a device is written in place"
	else
		skip "shard: a device is written in place" "devices are not allowed here"
	fi
	refuses 1 'does not apply to --pick view' ur-shard -o bad.ur 2 events.csv --pick view
	ok "shard: a wrong option of rr-sessionize"
	for option in '--stats x' '-o x' '--shard 1/2' second.csv; do
		refuses 2 "^ur-shard: '${option%% *}' is not for the single shards" ur-shard 2 events.csv $option
		ok "shard: $option"
	done
	for parts in 0 -1 x; do
		refuses 2 "^ur-shard: " ur-shard -- $parts events.csv
		ok "shard: $parts shards"
	done
	refuses 2 'expected a number of shards and a log' ur-shard 2
	ok "shard: no log"
	(ur-shard 2 events.csv >/dev/full) 2>err
	[ $? = 1 ]
	ok "shard: a full device"
else
	skip shard "GNU parallel is not installed"
fi

# over ssh, to this machine
sshd=$(command -v sshd || echo /usr/sbin/sshd)
port=$((20000 + $$ % 20000))
if command -v parallel ssh ssh-keygen >/dev/null && [ -x "$sshd" ] && ssh-keygen -q -t ed25519 -N '' -f key && cp key.pub authorized &&
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $PWD/key" "AuthorizedKeysFile $PWD/authorized" 'StrictModes no' \
    "PidFile $PWD/sshd.pid" 'UsePAM no' >sshd.conf && { [ "$(id -u)" != 0 ] || mkdir -p /run/sshd; } && "$sshd" -f sshd.conf -E sshd.log; then
	export UR_SSH="ssh -p $port -i $PWD/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
	HOME=$PWD ur-shard --sshlogin 2/127.0.0.1 3 events.csv 2>err | ur-featurize | cmp -s - batches.ur
	ok "shard: over ssh, the same batches" || sed 's/^/# /' err sshd.log
	HOME=$PWD refuses 1 '^ur-shard: .*wish.csv: line 5000' ur-shard -o bad.ur -S 127.0.0.1 2 wish.csv
	ok "shard: over ssh, a bad row"
	kill "$(cat sshd.pid)"
else
	skip "shard: over ssh, the same batches" "no parallel, no ssh, or sshd does not start"
fi

# --- result pages -------------------------------------------------------------------

printf '7_1\t10,20,30 : 20 , 10; 7_1\t10,20,30 :  ;  7_1\t20,10 : 99\n\n8_0\t5,6 : 99 , 6  ; \n' >pages
ur-serp-to-impressions pages >table
printf 'user\ttime\titem\tclicked\tposition\n1\t1\t10\t0\t1\n1\t1\t20\t1\t2\n1\t1\t30\t0\t3\n2\t2\t10\t0\t1\n2\t2\t20\t0\t2\n2\t2\t30\t0\t3\n3\t3\t5\t0\t1\n3\t3\t6\t1\t2\n' |
    cmp -s - table
ok "result pages: the first click, no click, clicks on what was not shown"
[ "$(rr-sessionize -f impressions table | ur-dump | sed '1d;$d' | jq -c '[.user, .pick, .items, .rank]' | tr '\n' ' ')" = \
    '[1,1,[10,20,30],[0,1,2]] [2,null,[10,20,30],[0,1,2]] [3,1,[5,6],[0,1]] ' ]
ok "result pages: as sessions"
mkdir folder
[ "$(printf '7\t1,2:2\r\n8\t3,4:\r\n' | ur-serp-to-impressions | cut -f 1,3,4 | tr '\t\n' '  ')" = "user item clicked 1 1 0 1 2 1 2 3 0 2 4 0 " ]
ok "result pages: lines that end in CRLF"
refuses 1 '^ur-serp-to-impressions: folder: Is a directory' ur-serp-to-impressions pages folder &&
    ! ur-serp-to-impressions pages folder 2>/dev/null | rr-sessionize -f impressions -o lost.ur 2>/dev/null && [ ! -e lost.ur ]
ok "result pages: what cannot be read is no end of the table"
full() { ur-serp-to-impressions pages >/dev/full; }
refuses 1 '^ur-serp-to-impressions: <stdout>: write failed' full
ok "result pages: a full disk"
yandex=${UR_DATA:-$T/../../shared/data}/yandex-serp-clicks
if [ -d "$yandex" ]; then
	zstd -dcq "$yandex/trainSample.zst" "$yandex/testSample.zst" | ur-serp-to-impressions |
	    rr-sessionize -f impressions --stats yandex.json -o yandex.ur
	[ "$(jq -c '[.visitors, .choices, .no_pick_events, .sizes["10"]]' yandex.json)" = '[56359,38461,17898,38461]' ]
	ok "result pages: the Yandex sample"
	zstd -dcq "$yandex/testSample.zst" | ur-serp-to-impressions | head -30001 | rr-sessionize -f impressions | ur-featurize --features id -o pages.ur
	ur-pretrain -q --state none --dims 0 --no-click zero --ridge 0.01 -o pages-model.ur pages.ur && ur-eval --bootstrap 0 -m pages-model.ur pages.ur |
	    awk '{ v[$1] = $2 } END { exit !(v["nll"] > 0 && v["nll"] < log(11) && v["nll_pick"] < v["nll_uniform"]) }'
	ok "result pages: a model of them beats uniform choice, no click included"
else
	skip "result pages: the Yandex sample" "$yandex is not here"
	skip "result pages: a model of them beats uniform choice, no click included" "$yandex is not here"
fi
# --- demo -------------------------------------------------------------------------

mkdir no-log
refuses 1 '^ur-demo: no-log: there is no events.csv in it' ur-demo no-log
ok "demo: a folder without a log"

done_testing
