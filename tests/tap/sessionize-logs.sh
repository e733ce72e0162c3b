# rr-sessionize: logs of other shops, logs of display sets, sorted logs, shards, views as picks.
. "$T/lib.sh"
zstd -dcq "$T/data/retailrocket/events.csv.zst" >events.csv
rr-sessionize -o sessions.ur events.csv
steps() { ur-dump "$@" | sed '1d;$d'; }         # without the header, which names the options
steps sessions.ur >steps
bad_rows()      # name, pattern, file, options...
{
	local name=$1 pattern=$2 file=$3
	shift 3
	refuses 1 "^rr-sessionize: $file: $pattern" rr-sessionize "$@" -o bad.ur "$file" && [ ! -e bad.ur ]
	ok "$name"
}
usage()         # name, pattern, arguments...
{
	local name=$1 pattern=$2
	shift 2
	refuses 2 "$pattern" rr-sessionize "$@" -o bad.ur events.csv && [ ! -e bad.ur ]
	ok "$name"
}

# --- other shops ----------------------------------------------------------------

sed '1s/.*/when,who,did,what,t/; s/,view,/,seen,/; s/,addtocart,/,cart,/; s/,transaction,/,bought,/' events.csv >shop.csv
names='timestamp=when,visitorid=who,event=did,itemid=what' words='view=seen,addtocart=cart,transaction=bought'
rr-sessionize --columns $names --events $words shop.csv | steps | cmp -s - steps
ok "other names of columns and events"
awk -F, -v OFS=, 'NR > 1 { $1 = substr($1, 1, length($1) - 3) "." substr($1, length($1) - 2) } 1' events.csv >seconds.csv
rr-sessionize --time-unit s seconds.csv | steps | cmp -s - steps
ok "seconds"
printf '%s\n' timestamp,visitorid,event,itemid '2015-06-02 05:02:12.117,1,view,7' '2015-06-02T07:02:13+02:00,1,view,8' \
    '2015-06-02 05:02:14 UTC,1,addtocart,8' >iso.csv
[ "$(rr-sessionize --time-unit iso iso.csv | steps | jq -c '[.time, .pick, .items]')" = '[1433221334000,1,[7,8]]' ]
ok "iso times"
printf '%s\n' timestamp,visitorid,event,itemid '1,ann,view,"x,1"' '2,ann,view,y' '3,ann,addtocart,"x,1"' '1,bob,view,y' >text.csv
# the hashes are those of xxhsum -H3
[ "$(rr-sessionize --hash-ids text.csv | steps)" = \
    '{"user":5200682613324210888,"time":3,"role":"none","pick":1,"items":[2822446240451570149,8169837548003072452],"rank":[0,1]}' ]
ok "text for ids"
rr-sessionize --hash-ids -o hash.ur events.csv && [ "$(ur-dump hash.ur | tail -1)" = "$(ur-dump sessions.ur | tail -1)" ] &&
    ur-dump hash.ur | jq -es 'map(.user // empty) | . == sort' >order
ok "hashed ids: as many steps, in order of hashes"

bad_rows "seconds that are none" 'line 2: timestamp "2015-06-02' iso.csv --time-unit s
bad_rows "a time that is not iso" 'line 2: timestamp "1433221332117": expected a time such as 2015-' events.csv --time-unit iso
bad_rows "an unknown event among other words" 'line 2: event "view": expected seen, cart or transaction' events.csv --events view=seen,addtocart=cart
bad_rows "a column that was named and is missing" 'line 1: no column "who"' events.csv --columns visitorid=who
printf 'timestamp,visitorid,event,itemid\n1,,view,3\n' >noid.csv
bad_rows "an empty id" 'line 2: visitorid "": expected an id' noid.csv --hash-ids
usage "an unknown key of --columns" "^rr-sessionize: --columns: 'user' is unknown" --columns user=who
usage "a doubled key of --columns" "^rr-sessionize: --columns: 'event' is there twice" --columns event=a,event=b
usage "--columns without a name" "^rr-sessionize: --columns: 'event=' is not KEY=NAME" --columns event=
usage "--columns without a key" "^rr-sessionize: --columns: '' is not KEY=NAME" --columns event=a,
usage "an unknown key of --events" "^rr-sessionize: --events: 'wish' is unknown" --events wish=w
usage 'one word for two kinds of --events' "^rr-sessionize: --events: 'addtocart' is both view and addtocart" --events view=addtocart
usage "an unknown unit" "^rr-sessionize: --time-unit: 'us' is none of" --time-unit us

# --- impressions ------------------------------------------------------------------

table() { printf '%s\n' "$@" >shown.csv; }
shown() { rr-sessionize -f impressions "$@" shown.csv | steps; }
table time,user,item,clicked 5,1,30,0 5,1,20,1 7,1,20,0 5,2,20,0 1,2,20,1
[ "$(shown)" = '{"user":1,"time":5,"role":"none","pick":0,"items":[20,30],"rank":[0,1]}
{"user":1,"time":7,"role":"none","pick":null,"items":[20],"rank":[0]}
{"user":2,"time":1,"role":"none","pick":0,"items":[20],"rank":[0]}
{"user":2,"time":5,"role":"none","pick":null,"items":[20],"rank":[0]}' ]
ok "impressions: sets by time"
table set,time,user,item,clicked,position,role 8,5,1,30,0,1,train 8,4,1,20,1,2,train 9,4,1,20,0,1,2 3,9,1,10,0,1,context 3,9,1,11,1,0,context
[ "$(shown)" = '{"user":1,"time":4,"role":"train","pick":0,"items":[20,30],"rank":[1,0]}
{"user":1,"time":4,"role":"test","pick":null,"items":[20],"rank":[0]}
{"user":1,"time":9,"role":"context","pick":1,"items":[10,11],"rank":[1,0]}' ]
ok "impressions: sets by column, positions, roles"
shown >want
{ head -1 shown.csv; tail -n +2 shown.csv | tac; } >turned.csv && mv turned.csv shown.csv
shown | cmp -s - want
ok "impressions: the order of the rows changes nothing"
tr , '\t' <shown.csv >shown.tsv
rr-sessionize -f impressions shown.tsv | steps | cmp -s - want
ok "impressions: tabs"
sed '1s/.*/s,t,u,i,c,p,r/' shown.csv >other.csv
rr-sessionize -f impressions --columns set=s,time=t,user=u,item=i,clicked=c,position=p,role=r other.csv | steps | cmp -s - want
ok "impressions: other names of columns"
[ "$(rr-sessionize -f impressions --stats - -o got.ur shown.csv | jq -c '[.rows, .visitors, .items, .picks, .choices, .no_pick_events, .singletons]')" = \
    '[5,1,4,2,2,1,0]' ]
ok "impressions: counters"
yelp=${UR_DATA:-$T/../../shared/data}/ganrl-chen2019/yelp.txt
if [ -f "$yelp" ]; then
	rr-sessionize -f chen2019 "$yelp" | steps >want
	rr-sessionize -f impressions --columns user=session_new_index,time=Time,item=item_new_index,clicked=is_click,position=raw_index,role=tr_val_tst "$yelp" |
	    steps | cmp -s - want
	ok "impressions: chen2019 is this with fixed names"
else
	skip "impressions: chen2019 is this with fixed names" "$yelp is not here"
fi
bad_shown()     # name, pattern, rows...
{
	local name=$1 pattern=$2
	shift 2
	table "$@"
	bad_rows "impressions: $name" "$pattern" shown.csv -f impressions
}
bad_shown "two clicks in a set" 'line 4: user 1: a second click in the display set' user,set,time,item,clicked 1,1,1,1,1 1,1,1,2,0 1,1,1,3,1
bad_shown "two roles in a set" 'line [23]: role (train|test) in a display set of role' user,time,item,clicked,role 1,1,1,0,train 1,1,2,0,test
bad_shown "a click that is none" 'line 2: clicked "yes": expected 0 or 1' user,time,item,clicked 1,1,1,yes
bad_shown "an unknown role" 'line 2: role "best": expected train' user,time,item,clicked,role 1,1,1,0,best
bad_shown "a set that is no number" 'line 2: set "a": expected' user,time,item,clicked,set 1,1,1,0,a
bad_shown "a position that is no number" 'line 2: position "-1": expected' user,time,item,clicked,position 1,1,1,0,-1
bad_shown "no user" 'line 1: no column "user"' time,item,clicked 1,1,0
refuses 1 'no column "page"' rr-sessionize -f impressions --columns position=page -o bad.ur shown.tsv
ok "impressions: an optional column that was named must be there"
for option in '--gap 5' '--pick view' '--max-set 3' '--orphan add' --keep-singletons --no-pick '--history views' '--events view=v' --sorted; do
	usage "impressions: $option does not apply" "${option%% *} does not apply to --format impressions" -f impressions $option
done
for option in '--columns user=u' '--time-unit s' --hash-ids '--events view=v' --sorted; do
	usage "chen2019: $option does not apply" "${option%% *} does not apply to --format chen2019" -f chen2019 $option
done

# --- sorted logs --------------------------------------------------------------------

{ head -1 events.csv; tail -n +2 events.csv | sort -t, -k2,2n -k1,1n -k4,4nr; } >sorted.csv
rr-sessionize --sorted --stats sorted.json sorted.csv | cmp -s - sessions.ur
ok "sorted: the same bytes"
rr-sessionize --stats all.json -o got.ur events.csv
[ "$(jq -S 'del(.items)' all.json)" = "$(jq -S . sorted.json)" ] && jq -e 'has("items") | not' sorted.json >/dev/null
ok "sorted: the same counters without items"
rr-sessionize --history views --no-pick --orphan add -o views.ur events.csv
rr-sessionize --history views --no-pick --orphan add --sorted sorted.csv | cmp -s - views.ur
ok "sorted: the same bytes with every view"
head -40000 sorted.csv >one.csv
{ head -1 sorted.csv; tail -n +40001 sorted.csv; } >two.csv
rr-sessionize --sorted one.csv two.csv | cmp -s - sessions.ur
ok "sorted: the order goes on in the next file"
refuses 1 '^rr-sessionize: one.csv: line 2: ' rr-sessionize --sorted -o bad.ur two.csv one.csv && [ ! -e bad.ur ]
ok "sorted: files in the wrong order"
awk 'NR == 500 { held = $0; next } { print } NR == 501 { print held }' sorted.csv >swapped.csv
if [ "$(sed -n 500p sorted.csv | cut -d, -f1,2)" != "$(sed -n 501p sorted.csv | cut -d, -f1,2)" ]; then
	refuses 1 '^rr-sessionize: swapped.csv: line 501: visitor [0-9]+ at [0-9]+ after visitor [0-9]+ at [0-9]+, expected' \
	    rr-sessionize --sorted -o bad.ur swapped.csv && [ ! -e bad.ur ]
	ok "sorted: a row out of order"
fi
usage "sorted: no hashed ids" '^rr-sessionize: --hash-ids does not apply to --sorted' --sorted --hash-ids
if ! sanitized; then
	# a log of a million rows and 35 MB
	for k in 0 1 2 3 4 5 6 7 8 9; do tail -n +2 sorted.csv | sed "s/,/,$k/"; done | sort -t, -k2,2n -k1,1n |
	    { echo timestamp,visitorid,event,itemid,transactionid; cat; } >long.csv
	(ulimit -v 16384; rr-sessionize --sorted long.csv) >got.ur
	ok "sorted: memory does not grow with the log"
	! (ulimit -v 16384; rr-sessionize -o bad.ur long.csv) 2>err && [ "$(wc -l <err)" = 1 ] && [ ! -e bad.ur ]
	ok "the same limit is too little without --sorted: one line, no file"
else
	skip "sorted: memory does not grow with the log" "the sanitizer needs all addresses"
fi

# --- shards -------------------------------------------------------------------------

steps sessions.ur | sort >want
for parts in 1 2 3; do
	for i in $(seq 0 $((parts - 1))); do rr-sessionize --shard $i/$parts --stats $i.json -o $i.ur events.csv; done
	cat $(seq -f %.0f.ur 0 $((parts - 1))) >joined.ur
	ur-dump joined.ur | grep '"role"' | sort | cmp -s - want
	ok "shards: $parts of them hold every step once"
	[ "$(cat $(seq -f %.0f.json 0 $((parts - 1))) | jq -s 'map(.rows) | add')" = 100000 ]
	ok "shards: $parts of them count every row once"
done
rr-sessionize --shard 1/3 --sorted sorted.csv | cmp -s - 1.ur
ok "shards: of a sorted log"
[ "$(for i in 0 1 2; do ur-dump $i.ur | jq -r --arg i $i 'select(.user) | "\(.user) \($i)"'; done | sort -u | cut -d' ' -f1 | uniq -d | wc -l)" = 0 ]
ok "shards: a visitor is in one of them"
printf 'timestamp,visitorid,event,itemid\n1,0,view,1\n2,0,view,2\n3,0,addtocart,1\n' >zero.csv
# XXH3_64 of eight zero bytes is c77b3abb6f87acd9 (xxhsum -H3)
[ "$(rr-sessionize --shard $((0xacd9 % 16))/16 zero.csv | steps | wc -l)" = 1 ]
ok "shards: by XXH3_64 of the id as eight bytes"
table user,time,item,clicked $(seq 1 50 | sed 's/$/,1,1,1/')
[ "$(for i in 0 1; do shown --shard $i/2; done | sort -u | wc -l)" = 50 ] && [ "$(shown --shard 0/2 | wc -l)" -lt 50 ]
ok "shards: of impressions"
for arg in 2/2 -1/2 1 1/ /2 0/0 a/b 1/4294967296 0/2/3; do
	usage "shards: $arg" "^rr-sessionize: --shard: '$arg' is not I/N" --shard=$arg
done

# --- views as picks -------------------------------------------------------------------

printf '%s\n' timestamp,visitorid,event,itemid 1,1,view,10 2,2,view,20 3,3,view,30 4,1,view,20 5,1,view,20 6,2,addtocart,40 7,2,view,10 >few.csv
[ "$(rr-sessionize --pick view few.csv | steps)" = '{"user":1,"time":4,"role":"none","pick":0,"items":[20,30],"rank":[1,0]}
{"user":2,"time":7,"role":"none","pick":0,"items":[10,20,30],"rank":[2,0,1]}' ]
ok "views as picks: what others viewed last"
[ "$(rr-sessionize --pick view --max-set 2 --history views few.csv | steps | jq -c '[.time, .role, .items]' | tr '\n' ' ')" = \
    '[1,"context",[10]] [4,"none",[20,30]] [5,"context",[20]] [2,"context",[20]] [7,"none",[10,20]] [3,"context",[30]] ' ]
ok "views as picks: context, largest set"
rr-sessionize --pick view -o views.ur events.csv
{ head -1 events.csv; tail -n +2 events.csv | shuf --random-source=<(yes); } | rr-sessionize --pick view | cmp -s - views.ur
ok "views as picks: the order of the rows changes nothing"
for option in --sorted '--shard 0/2' --no-pick '--orphan add'; do
	usage "views as picks: $option does not apply" "${option%% *} does not apply to --pick view" --pick view $option
done
done_testing
