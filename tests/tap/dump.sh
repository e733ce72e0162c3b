# ur-dump: valid JSON, the same from files, pipes and archives, and one line about anything wrong.
. "$T/lib.sh"
data=$T/data/streams

for kind in sessions batches model; do
	file=$data/$kind-1.0.ur
	ur-dump "$file" >plain
	if command -v jq >/dev/null; then
		jq -c . plain >/dev/null && [ "$(wc -l <plain)" = "$(jq -c . plain | wc -l)" ]
		ok "$kind: every line is a JSON object"
	else
		skip "$kind: every line is a JSON object" "no jq"
	fi
	ur-dump <"$file" | cmp - plain && cat "$file" | ur-dump - | cmp - plain
	ok "$kind: from standard input, a file or a pipe"
	gzip -c "$file" | ur-dump | cmp - plain && zstd -qc "$file" | ur-dump | cmp - plain
	ok "$kind: unpacked"
	head -c 50 "$file" >short
	refuses 1 '^ur-dump: short: truncated after frame 0$' ur-dump short
	ok "$kind: truncated"
	cat "$file" "$file" | head -c $(($(stat -c %s "$file") + 20)) >short
	refuses 1 '^ur-dump: short: ' ur-dump short
	ok "$kind: more after the end"
	printf 'X' | dd of=short bs=1 seek=60 conv=notrunc status=none
	refuses 1 '^ur-dump: short: frame 1: damaged: wrong checksum$' ur-dump short
	ok "$kind: a changed byte"
done

cat "$data/sessions-1.0.ur" "$data/sessions-1.0.ur" >two.ur
[ "$(ur-dump two.ur | grep -c '"pick"')" = 8 ] && [ "$(ur-dump two.ur | grep -c '"format"')" = 1 ]
ok "joined session streams are one"
ur-dump "$data/model-1.0.ur" "$data/model-1.0.ur" | grep -c '"end"' | grep -qx 2
ok "several operands"
printf '\x1f\x8b\x08\x00' >short.gz
refuses 1 '^ur-dump: short.gz: truncated gzip data$' ur-dump short.gz
ok "truncated gzip"
gzip -c "$data/sessions-1.0.ur" >long.gz && printf 'garbage' >>long.gz
refuses 1 '^ur-dump: long.gz: damaged gzip data$' ur-dump long.gz
ok "garbage after gzip data"
zstd -qc "$data/sessions-1.0.ur" | head -c 100 >short.zst
refuses 1 '^ur-dump: short.zst: truncated zstd data$' ur-dump short.zst
ok "truncated zstd"
zstd -qc "$data/sessions-1.0.ur" >bad.zst
printf 'XXXX' | dd of=bad.zst bs=1 seek=$(($(stat -c %s bad.zst) - 4)) conv=notrunc status=none
refuses 1 '^ur-dump: bad.zst: damaged zstd data$' ur-dump bad.zst
ok "damaged zstd"
{ gzip -c two.ur; gzip -c two.ur; } | ur-dump | tail -1 | grep -q '"records":16' &&
    { zstd -qc two.ur; zstd -qc two.ur; } | ur-dump | tail -1 | grep -q '"records":16'
ok "several members of an archive"

ur-dump --csv "$data/sessions-1.0.ur" >rows.csv && [ "$(sed -n '1p; 3p' rows.csv | tr '\n' ' ')" = \
    'user,step,time,role,item,rank,picked 7,0,1000,train,20,0,1 ' ] && [ "$(wc -l <rows.csv)" = 9 ]
ok "CSV of sessions"
ur-dump -c "$data/batches-1.0.ur" "$data/batches-1.0.ur" >rows.csv && [ "$(sed -n '1p; 8p' rows.csv | tr '\n' ' ')" = \
    'user,step,time,role,item,rank,picked,row,price,price_missing,id_code 9,0,-5,test,10,1,1,3,0.25,0,1 ' ] && [ "$(wc -l <rows.csv)" = 17 ]
ok "CSV of batches, two with one header"
refuses 1 '^ur-dump: .*sessions-1.0.ur: other columns than the file before' ur-dump -c "$data/batches-1.0.ur" "$data/sessions-1.0.ur"
ok "CSV of two kinds"
refuses 1 '^ur-dump: .*model-1.0.ur: a model, expected sessions or batches' ur-dump -c "$data/model-1.0.ur"
ok "CSV of a model"
# one user over several frames: the numbers of the steps go on from frame to frame
awk 'BEGIN { print "timestamp,visitorid,event,itemid"
	for (i = 0; i < 70000; i++) for (j = 0; j < 2; j++) printf "%d,1,view,%d\n%s", 1000 * i, j, j ? sprintf("%d,1,addtocart,%d\n", 1000 * i, i % 2) : "" }' |
    rr-sessionize -q --gap 0 --max-set 3 - 2>/dev/null | ur-dump -c | awk -F, 'NR > 1 && $2 != last && $2 != last + 1 { bad = 1 } NR > 1 { last = $2 } END { exit bad || NR < 1000 }'
ok "CSV numbers the steps of a user through all frames"

: >empty
refuses 1 '^ur-dump: empty: empty, expected a ur stream$' ur-dump empty
ok "an empty file"
echo 'timestamp,visitorid,event,itemid' >log.csv
rr-sessionize --events $'view=\xff\xed\xa0\x80\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x01"\\\\' log.csv | ur-dump | head -1 >odd.json
[ "$(jq -r '.history[0].args.events' odd.json)" = $'view=\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x01"\\\\' ]
ok "texts that are no UTF-8, or need an escape"
printf 'timestamp,itemid,property,value\n0,1,available,1\n' >stock.csv
{ cat log.csv; printf '%s\n' 1,1,view,1 2,1,view,2 3,1,addtocart,2; } | rr-sessionize |
    ur-featurize --features available --properties stock.csv --split 1:0:0 | ur-dump --csv | head -1 | grep -q ',row,available$'
ok "--csv: a column that tells of stock"
refuses 1 '^ur-dump: log.csv: not a ur stream$' ur-dump log.csv
ok "another file"
refuses 1 '^ur-dump: none: No such file or directory$' ur-dump none
ok "no file"
refuses 1 '^ur-dump: \.: Is a directory$' ur-dump .
ok "a folder"
refuses 2 '^ur-dump: .*--nonsense' ur-dump --nonsense
ok "an unknown option"
if [ -w /dev/full ]; then
	ur-dump "$data/model-1.0.ur" 2>err >/dev/full; [ $? = 1 ] && [ "$(wc -l <err)" = 1 ]
	ok "a full device"
else
	skip "a full device" "no /dev/full"
fi
done_testing
