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

: >empty
refuses 1 '^ur-dump: empty: empty, expected a ur stream$' ur-dump empty
ok "an empty file"
echo 'timestamp,visitorid,event,itemid' >log.csv
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
