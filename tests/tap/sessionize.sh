# rr-sessionize: the counters of the sample, orders and forms of the log, bad logs, options and files.
. "$T/lib.sh"
sample=$T/data/retailrocket/events.csv.zst
header=timestamp,visitorid,event,itemid,transactionid
log() { printf '%s\n' "$header" "$@"; }         # rows -> a log
small() { log 1000,1,view,7, 2000,1,view,5, 3000,1,addtocart,7, 4000,2,view,9,; }
small >small.csv
rr-sessionize -o small.ur small.csv

zstd -dcq "$sample" >events.csv
head -93662 events.csv >days.csv
rr-sessionize --stats stats.json -o sessions.ur events.csv
[ "$(jq -c '[.rows, .duplicates, .visitors, .items, .sessions, .picks, .repeat_picks, .orphans, .singletons, .choices]' stats.json)" = \
    "[100000,8,54913,39559,62191,2266,121,594,968,704]" ]
ok "counters of the sample"
[ "$(rr-sessionize --stats - -o days.ur days.csv | jq -c '[.sessions, .choices]')" = "[57304,688]" ]
ok "counters of its four whole days"
[ "$(jq -r 'keys_unsorted | join(" ")' stats.json)" = "rows bad_rows duplicates visitors items sessions picks orphans repeat_picks singletons choices no_pick_events sizes" ]
ok "every counter is there"
[ "$(jq '[.sizes | to_entries[] | select(.key != "1") | .value] | add' stats.json)" = 704 ]
ok "sizes add up"
ur-dump sessions.ur | jq -es '.[0].history[0].args as $a | $a.gap == 1800 and $a["max-set"] == 10 and ($a | has("stats") or has("skip-bad") | not)' >same
ok "the header keeps the options that change the result"

[ "$(rr-sessionize -v -o got.ur events.csv 2>&1)" = "rr-sessionize: 100000 rows of 54913 visitors, 2266 picks, 704 of them written" ]
ok "-v sums up"
[ -z "$(rr-sessionize -o got.ur events.csv 2>&1)" ]
ok "nothing is said otherwise"

# --- forms of the log -----------------------------------------------------------

same() { rr-sessionize -o got.ur "$@" && cmp -s got.ur sessions.ur; }
{ echo $header; tail -n +2 events.csv | shuf --random-source=<(yes); } >shuffled.csv
! cmp -s shuffled.csv events.csv && same shuffled.csv
ok "the order of the rows changes nothing"
same "$sample"
ok "zstd"
gzip -1c events.csv >events.csv.gz
same events.csv.gz
ok "gzip"
rr-sessionize <events.csv | cmp -s - sessions.ur
ok "standard input, standard output"
cat events.csv | rr-sessionize - >got.ur && cmp -s got.ur sessions.ur
ok "a pipe"
sed 's/$/\r/' events.csv >crlf.csv
same crlf.csv
ok "CRLF"
sed 's/[^,]*/"&"/g' events.csv >quoted.csv
same quoted.csv
ok "quoted fields"
awk -F, -v OFS=, '{ print $4, $3, "x", $1, $2 }' events.csv >columns.csv
same columns.csv
ok "other order of columns"
tr , '\t' <events.csv >events.tsv
same events.tsv
ok "tabs"
{ echo $header; sed -n '50001,$p' events.csv; } >second.csv
head -50000 events.csv | same - second.csv
ok "two files are one log"
printf '%s' "$(cat small.csv)" >ends.csv
rr-sessionize ends.csv | cmp -s - small.ur
ok "the last line may lack its end"
log >none.csv
[ "$(rr-sessionize none.csv | ur-dump | tail -1)" = '{"end":true,"records":0}' ]
ok "a log without events is an empty stream"
log 9223372036854775807,18446744073709551615,view,18446744073709551615, 9223372036854775807,18446744073709551615,view,0, \
    9223372036854775807,18446744073709551615,addtocart,0, >large.csv
[ "$(rr-sessionize large.csv | ur-dump | sed -n 2p)" = \
    '{"user":18446744073709551615,"time":9223372036854775807,"role":"none","pick":0,"items":[0,18446744073709551615],"rank":[1,0]}' ]
ok "the largest ids and times"

# --- options against each other ---------------------------------------------------

rr-sessionize --gap 1800 --max-set 10 --pick addtocart --orphan skip --history picks events.csv | cmp -s - sessions.ur
ok "defaults are what the page says"
for options in '--gap 60' '--max-set 2' '--pick transaction' '--orphan add' --keep-singletons --no-pick '--history views'; do
	rr-sessionize $options -o got.ur events.csv && ! cmp -s got.ur sessions.ur
	ok "$options changes the result"
done

# --- bad logs --------------------------------------------------------------------

bad()           # name, pattern, rows...
{
	local name=$1 pattern=$2
	shift 2
	log 1,2,view,3, "$@" >bad.csv
	refuses 1 "^rr-sessionize: bad.csv: $pattern" rr-sessionize -o bad.ur bad.csv && [ ! -e bad.ur ]
	ok "$name"
}
bad "text for a time" 'line 3: timestamp "x": expected milliseconds' x,2,view,3,
bad "no time" 'line 3: timestamp "": expected milliseconds' ,2,view,3,
bad "a time too large" 'line 4: timestamp "9223372036854775808": expected' 5,2,view,3, 9223372036854775808,2,view,3,
bad "a negative time" 'line 3: timestamp "-5": expected' -5,2,view,3,
bad "text for a visitor" 'line 3: visitorid "bob": expected a whole number below 2\^64' 5,bob,view,3,
bad "a visitor too large" 'line 3: visitorid "18446744073709551616": expected' 5,18446744073709551616,view,3,
bad "a negative visitor" 'line 3: visitorid "-2": expected' 5,-2,view,3,
bad "text for an item" 'line 3: itemid "3.0": expected' 5,2,view,3.0,
bad "an item too large" 'line 3: itemid "99999999999999999999": expected' 5,2,view,99999999999999999999,
bad "a negative item" 'line 3: itemid "-3": expected' 5,2,view,-3,
bad "an unknown event" 'line 3: event "wish": expected view, addtocart or transaction' 5,2,wish,3,
bad "a row too short" 'line 4: 3 fields, expected 5' 1,2,view,3, 5,2,view 1,2,view,3,
bad "a row too long" 'line 3: 6 fields, expected 5' 5,2,view,3,,
bad "an empty line" 'line 3: 1 field, expected 5' ''
bad "a quote not closed" 'line 3: quote not closed' '5,2,"view,3,'
bad "text after a quote" 'line 3: text after a closing quote' '5,2,"view"s,3,'

header_is()     # name, pattern, header
{
	echo "$3" >bad.csv
	refuses 1 "^rr-sessionize: bad.csv: line 1: $2" rr-sessionize -o bad.ur bad.csv
	ok "$1"
}
header_is "no time column" 'no column "timestamp"' time,visitorid,event,itemid
header_is "no visitor column" 'no column "visitorid"' timestamp,visitor,event,itemid
header_is "no event column" 'no column "event"' timestamp,visitorid,itemid
header_is "no item column" 'no column "itemid"' timestamp,visitorid,event
header_is "a doubled column" 'column "itemid" is there twice' timestamp,visitorid,event,itemid,itemid
: >empty.csv
refuses 1 '^rr-sessionize: empty.csv: line 1: empty, expected a header' rr-sessionize -o bad.ur empty.csv
ok "an empty file"
refuses 1 '^rr-sessionize: <stdin>: line 1: empty' rr-sessionize -o bad.ur
ok "empty standard input"
refuses 1 '^rr-sessionize: none-such.csv: ' rr-sessionize -o bad.ur none-such.csv
ok "no such file"
refuses 1 '^rr-sessionize: \.: ' rr-sessionize -o bad.ur .
ok "a folder"
for bytes in 1000 100000 900000; do
	head -c $bytes "$sample" >cut.zst
	refuses 1 '^rr-sessionize: cut.zst: ' rr-sessionize -o bad.ur cut.zst
	ok "an archive cut after $bytes bytes"
done
# a row that lacks its end is bad unless what is left happens to be a row
wrong=0
for cut in $(seq 0 $(($(wc -c <small.csv) - 1))); do
	head -c "$cut" small.csv >cut.csv
	rr-sessionize -o cut.ur cut.csv 2>err
	case $? in
	0) [ ! -s err ] ;;
	1) [ "$(wc -l <err)" = 1 ] && [ ! -e cut.ur ] ;;
	*) false ;;
	esac || wrong=$((wrong + 1))
	rm -f cut.ur
done
[ $wrong = 0 ]
ok "every prefix of a log gives a stream or one line"

# --- --skip-bad ------------------------------------------------------------------

log 1,2,view,3, x,2,view,3, 1,2,view 4,2,wish,3, 2000,2,view,4, 2001,2,addtocart,4, >some.csv
refuses 1 'some.csv: line 3: timestamp "x"' rr-sessionize --skip-bad 0 -o bad.ur some.csv
ok "no bad row is left out by default"
refuses 1 'some.csv: line 5: event "wish"' rr-sessionize --skip-bad 2 -o bad.ur some.csv
ok "the bad row beyond the number ends the run"
rr-sessionize --skip-bad 3 --stats skip.json -o skip.ur some.csv 2>err
[ "$(cat err)" = 'rr-sessionize: 3 bad rows left out, the first: some.csv: line 3: timestamp "x": expected milliseconds' ] &&
    [ "$(jq -c '[.rows, .bad_rows, .choices]' skip.json)" = "[3,3,1]" ]
ok "bad rows are left out, counted and reported"
refuses 1 'some.csv: line 5' rr-sessionize --skip-bad 5 -o bad.ur some.csv some.csv &&
    rr-sessionize --skip-bad 6 -o skip.ur some.csv some.csv 2>err && grep -q '6 bad rows left out, the first: some.csv: line 3' err
ok "the number is for all files together"

# --- the command line --------------------------------------------------------------

usage()         # option, argument
{
	refuses 2 "^rr-sessionize: $1: '$2' is n" rr-sessionize "$1" "$2" -o bad.ur small.csv && [ ! -e bad.ur ]
	ok "$1 $2"
}
usage --gap -1; usage --gap x; usage --gap 2147483648; usage --gap 1.5; usage --gap ' 5'
usage --max-set 0; usage --max-set 65536; usage --max-set ten
usage --pick wish; usage --orphan keep; usage --history all; usage --format csv
usage --skip-bad -1; usage --skip-bad many
refuses 2 'needs an argument' rr-sessionize small.csv --gap
ok "an option without its argument"
refuses 2 'is not an option' rr-sessionize --gab 3 small.csv
ok "a misspelt option"
refuses 2 '' rr-sessionize -o small.csv small.csv && [ -s small.csv ]
ok "the output is the input"
! rr-sessionize -o small.csv <small.csv 2>err && grep -q 'small.csv: output is the same file as the input <stdin>' err && [ -s small.csv ]
ok "the output is standard input"
ln -s small.csv link.csv
refuses 2 '' rr-sessionize -o got.ur --stats small.csv link.csv && [ -s small.csv ]
ok "the counters are the input"
refuses 2 '' rr-sessionize -o got.ur --stats got.ur small.csv
ok "the output is the counters"
refuses 2 '' rr-sessionize --stats - small.csv
ok "both on standard output"

# --- outputs -----------------------------------------------------------------------

refuses 1 'No space left' rr-sessionize -o /dev/full events.csv
ok "a full device"
rr-sessionize small.csv 2>err >/dev/full
[ $? = 1 ] && [ "$(wc -l <err)" = 1 ]
ok "standard output on a full device"
refuses 1 'No space left' rr-sessionize -o got.ur --stats /dev/full small.csv
ok "counters on a full device"
rr-sessionize small.csv >&- 2>err
[ $? = 1 ] && [ "$(wc -l <err)" = 1 ]
ok "standard output closed"
refuses 1 'No such file' rr-sessionize -o none/such.ur small.csv
ok "no folder for the output"
script -qec 'rr-sessionize small.csv' /dev/null </dev/null >terminal 2>&1
[ $? = 2 ] && grep -q terminal terminal
ok "no stream to a terminal"
echo kept >kept.ur
! rr-sessionize -o kept.ur bad.csv 2>/dev/null && [ "$(cat kept.ur)" = kept ] && ! ls kept.ur.* 2>/dev/null
ok "a run that fails leaves the old file"

# --- chen2019 ------------------------------------------------------------------------

names='SessionId	Time	ItemId	is_click	raw_index	session_new_index	item_new_index	tr_val_tst'
chen() { printf '%s\n' "$names" "$@" | tr ' ' '\t' >chen.txt; }
rows() { rr-sessionize -f chen2019 chen.txt | ur-dump | sed '1d;$d'; }
chen 'a 3 x 0 9 1 7 0' 'a 3 y 1 8 1 5 0' 'a 3 x 0 2 1 7 0' 'b 2 x 0 1 0 7 2' 'a 1 z 1 0 1 1 0'
[ "$(rows)" = '{"user":0,"time":2,"role":"test","pick":null,"items":[7],"rank":[0]}
{"user":1,"time":1,"role":"train","pick":0,"items":[1],"rank":[0]}
{"user":1,"time":3,"role":"train","pick":0,"items":[5,7],"rank":[1,0]}' ]
ok "chen2019: sets, roles, places on the page, a set without a click"
chen 'a 3 x 0 9 1 7 0' 'a 3 y 0 8 1 5 0' 'a 3 x 1 2 1 7 0'
[ "$(rows)" = '{"user":1,"time":3,"role":"train","pick":1,"items":[5,7],"rank":[1,0]}' ]
ok "chen2019: of an item shown twice the clicked row counts"

bad_chen()      # name, pattern, rows...
{
	local name=$1 pattern=$2
	shift 2
	chen "$@"
	refuses 1 "^rr-sessionize: chen.txt: $pattern" rr-sessionize -f chen2019 -o bad.ur chen.txt && [ ! -e bad.ur ]
	ok "chen2019: $name"
}
bad_chen "two clicks in a set" 'line 4: user 1: a second click in the display set' 'a 3 x 1 0 1 1 0' 'a 3 y 0 1 1 2 0' 'a 3 z 1 2 1 3 0'
bad_chen "two roles in a set" 'line [23]: role (train|test) in a display set of role (train|test)' 'a 3 x 1 0 1 1 0' 'a 3 y 0 1 1 2 2'
bad_chen "a click that is none" 'line 2: is_click "2": expected 0 or 1' 'a 3 x 2 0 1 1 0'
bad_chen "an unknown role" 'line 2: tr_val_tst "5": expected train' 'a 3 x 1 0 1 1 5'
bad_chen "a user that is no number" 'line 2: session_new_index "u": expected' 'a 3 x 1 0 u 1 0'
bad_chen "an item that is no number" 'line 2: item_new_index "": expected' 'a 3 x 1 0 1  0'
bad_chen "a negative time" 'line 2: Time "-3": expected' 'a -3 x 1 0 1 1 0'
bad_chen "a place that is no number" 'line 2: raw_index "q": expected' 'a 3 x 1 q 1 1 0'
bad_chen "a row too short" 'line 3: 7 fields, expected 8' 'a 3 x 1 0 1 1 0' 'a 3 x 1 0 1 1'
refuses 1 'small.csv: line 1: no column "session_new_index"' rr-sessionize -f chen2019 small.csv
ok "chen2019: another log"
{ echo "$names"; seq 0 65535 | awk -v OFS='\t' '{ print "a", 1, "x", 0, $1, 1, $1, 0 }'; } >chen.txt
refuses 1 'chen.txt: line 2: 65536 items in a display set, expected at most 65535' rr-sessionize -f chen2019 chen.txt
ok "chen2019: a set too large"
sed -i '$d' chen.txt
[ "$(rr-sessionize -f chen2019 chen.txt | ur-dump | sed -n 2p | jq '.items | length')" = 65535 ]
ok "chen2019: the largest set"
for option in '--gap 5' '--pick transaction' '--max-set 3' '--orphan add' --keep-singletons --no-pick '--history views'; do
	refuses 2 "${option%% *} does not apply to --format chen2019" rr-sessionize -f chen2019 $option chen.txt
	ok "chen2019: $option does not apply"
done
yelp=${UR_DATA:-$T/../../shared/data}/ganrl-chen2019/yelp.txt
if [ -f "$yelp" ]; then
	rr-sessionize -f chen2019 -o yelp.ur "$yelp"
	[ "$(ur-dump yelp.ur | jq -r 'select(.role) | "\(.role) \(.user)"' | sort -u | cut -d' ' -f1 | uniq -c | tr -s ' \n' ' ')" = \
	    " 352 test 703 train 351 validation " ] && [ "$(ur-dump yelp.ur | grep -c '"role"')" = 1725 ]
	ok "yelp: users by role and steps"
	{ head -1 "$yelp"; tail -n +2 "$yelp" | shuf --random-source=<(yes); } | rr-sessionize -f chen2019 | cmp -s - yelp.ur
	ok "yelp: the order of the rows changes nothing"
else
	skip "yelp: users by role and steps" "$yelp is not here"
	skip "yelp: the order of the rows changes nothing" "$yelp is not here"
fi
done_testing
