# pipelines/check-log: what is known of the RetailRocket log, and of a log with a table of one's own.
. "$T/lib.sh"
table=$T/../pipelines/check-log.tsv
zstd -dcq "$T/data/retailrocket/events.csv.zst" >events.csv
differing() { awk -F '\t' '$4 == "no" { printf "%s ", $1 }' refuses.out; }

# --- the table that comes with it -----------------------------------------------------

awk -F '\t' '/^#/ { next } split($1, word, " ") == 2 { days[word[2]] += $2; all += $2; n++; next } { total[$1] = $2 }
    END { for (e in days) if (days[e] != total[e]) exit 1; exit !(n == 3 * 139 && all == total["rows"] && all == 2756101) }' "$table"
ok "the days of the known table sum up to its totals"
daily=${UR_DATA:-$T/../../shared/data}/retailrocket-daily-totals/metrics_daily_overview.csv
if [ -f "$daily" ]; then
	awk -F, 'NR > 1 { printf "%s+08:00 view\t%s\n%s+08:00 addtocart\t%s\n%s+08:00 transaction\t%s\n", $1, $6, $1, $7, $1, $8 }' "$daily" |
	    cmp -s - <(grep '+08:' "$table")
	ok "they are those published"
else
	skip "they are those published" "$daily is not here"
fi
refuses 1 '^ur-check-log: events.csv: 417 of 426 figures are not those known$' ur-check-log events.csv &&
    [ "$(head -2 refuses.out)" = "$(printf 'what\tknown\tfound\tsame\nrows\t2756101\t100000\tno')" ] &&
    [ "$(awk -F '\t' '$4 == "yes" { print substr($1, 9, 2) }' refuses.out | uniq -c | tr -s ' \n' ' ')" = ' 3 02 3 03 3 04 ' ]
ok "the sample differs, but for its three whole days"

# --- a table of one's own -------------------------------------------------------------

{
	printf '# as the README of the sample has it\nwhat\tknown\nrows\t100000\nvisitors\t54913\nitems\t39559\nsessions\t62191\n'
	printf 'first\t1433138409198\nlast\t1433570392312\nview\t96754\naddtocart\t2394\ntransaction\t852\n'
	printf '2015-06-%s\n' $'02+08:00 view\t23339' $'02+08:00 transaction\t212' $'03+08:00 addtocart\t510' $'04+08:00 view\t23024'
	printf '2015-05-31+08:00 view\t0\n'
} >known.tsv
gzip -1c events.csv >events.csv.gz
awk -F, -v OFS='\t' '{ for (i = 1; i <= 5; i++) $i = "\"" $i "\""; print $4, $2, $5, $1, $3 "\r" }' events.csv >other.tsv
{ printf '\357\273\277'; cat events.csv; } >mark.csv
for log in events.csv events.csv.gz "$T/data/retailrocket/events.csv.zst" other.tsv mark.csv; do
	ur-check-log -k known.tsv "$log" >out 2>err && [ ! -s err ] && [ "$(cut -f 4 out | sort | uniq -c | tr -s ' \n' ' ')" = ' 1 same 14 yes ' ]
	ok "all the same: ${log##*/}"
done
sed '/^1433221332117,257597,view,355908,$/s/view/addtocart/' events.csv >cart.csv
refuses 1 'cart.csv: 3 of 14 figures' ur-check-log -k known.tsv cart.csv &&
    [ "$(differing)" = "view addtocart 2015-06-02+08:00 view " ]
ok "a view that became a cart"
{ cat events.csv; echo 1433138409197,257597,view,355908,; } >more.csv
refuses 1 'more.csv: 4 of 14 figures' ur-check-log -k known.tsv more.csv && [ "$(differing)" = "rows sessions first view " ]
ok "a row more, earlier than all"
cut -f 1,3 refuses.out >found.tsv
ur-check-log -k found.tsv more.csv >out
ok "what was found, as what is known"
printf '%s\n' timestamp,visitorid,event,itemid 1456793999999,1,view,1 1456794000000,1,view,1 1456707599999,1,view,1 >leap.csv
printf 'what\tknown\n2016-02-29-01:00 view\t1\n2016-03-01-01:00 view\t1\n2016-02-28-01:00 view\t1\n' >leap.tsv
TZ=Asia/Tokyo ur-check-log -k leap.tsv leap.csv >out
ok "days in another zone, at midnight, in a leap year"

# --- refused ---------------------------------------------------------------------------

refuses_known() # pattern name line...: a table of these lines after a header
{
	local pattern=$1 name=$2
	shift 2
	printf '%b\n' 'what\tknown' "$@" >bad.tsv
	refuses 1 "^ur-check-log: bad.tsv: $pattern" ur-check-log -k bad.tsv events.csv && [ ! -s refuses.out ]
	ok "a table with $name"
}
refuses_known 'line 3: "visitor": expected rows, visitors' 'an unknown word' 'rows\t1' 'visitor\t2'
refuses_known 'line 2: "2015-6-2\+08:00 view": expected' 'a day that is none' '2015-6-2+08:00 view\t2'
refuses_known 'line 2: "2015-06-02\+08:00 wish": expected' 'an event that is none' '2015-06-02+08:00 wish\t2'
refuses_known 'line 3: day "2015-06-03\+07:00": expected the zone' 'two zones' '2015-06-02+08:00 view\t2' '2015-06-03+07:00 view\t2'
refuses_known 'line 2: "1.5": expected a whole number' 'a figure that is none' 'rows\t1.5'
refuses_known 'line 2: "": expected a whole number' 'a line cut off' 'rows'
refuses_known 'no figures, expected' 'a header alone'
: >empty
refuses 1 '^ur-check-log: empty: no figures' ur-check-log -k empty events.csv
ok "an empty table"
refuses 1 '^rr-sessionize: empty: ' ur-check-log empty && [ ! -s refuses.out ]
ok "an empty log"
head -c 100000 events.csv.gz >cut.gz
refuses 1 '^rr-sessionize: cut.gz: ' ur-check-log cut.gz && [ ! -s refuses.out ]
ok "a log cut off"
sed '5000s/,[a-z]*,/,wish,/' events.csv >wish.csv
refuses 1 '^rr-sessionize: wish.csv: line 5000: event "wish"' ur-check-log wish.csv && [ ! -s refuses.out ]
ok "a bad row"
for file in none.csv .; do
	refuses 1 "^ur-check-log: $file: cannot be read" ur-check-log $file && refuses 1 "^ur-check-log: $file: cannot be read" ur-check-log -k $file events.csv
	ok "a log or table that is no file: $file"
done
for words in '' 'events.csv events.csv'; do
	refuses 2 'expected a log' ur-check-log $words
	ok "operands '$words'"
done
refuses 2 'unrecognized option' ur-check-log --none events.csv
ok "an option that is none"
(ur-check-log -k known.tsv events.csv >/dev/full) 2>err
[ $? = 1 ] && [ "$(wc -l <err)" = 1 ]
ok "a full device"
done_testing
