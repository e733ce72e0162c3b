# rr-synth: totals, the formats and the disorder of the real files, its user model found again, bad options; ur-shape.
. "$T/lib.sh"
tree=$T/data/retailrocket/category_tree.csv

rr-synth --scale .02 -o shop --truth truth.ur
ok "makes a shop and the model that picks"
[ "$(ls shop | tr '\n' ' ')" = 'category_tree.csv events.csv item_properties_part1.csv item_properties_part2.csv ' ]
ok "the dataset's files"

# --- the log ---------------------------------------------------------------------------

rr-sessionize --stats stats.json -o sessions.ur shop/events.csv
[ "$(jq -c '[.rows, .visitors, .items, .sessions, .duplicates, .bad_rows]' stats.json)" = '[55122,28152,4701,35234,9,0]' ]
ok "a fiftieth of the real totals, exactly"
[ "$(cut -d, -f3 shop/events.csv | sort | uniq -c | tr -s ' \n' ' ')" = ' 1387 addtocart 1 event 449 transaction 53286 view ' ]
ok "events by kind"
jq -e '.orphans / .picks > .25 and .orphans / .picks < .27' stats.json >same
ok "orphans by rr-sessionize's own count"
head -1 shop/events.csv | grep -qx timestamp,visitorid,event,itemid,transactionid &&
    ! tail -n +2 shop/events.csv | grep -Evq '^[0-9]{13},[0-9]+,((view|addtocart),[0-9]+,|transaction,[0-9]+,[0-9]+)$'
ok "rows as in the real file"
# blocks from 06:00 to 06:00, beginning with 1 June; within, as many steps back as forth
tail -n +2 shop/events.csv | awk -F, '{ b = int(($1 - 21600000) / 86400000); if (b != last) { print b; if (b in seen) exit 1; seen[b] = 1 }
    else { n++; back += $1 < time }; last = b; time = $1 } END { print back / n > "back" }' >blocks
[ "$(head -1 blocks)" = 16587 ] && [ "$(sort -u blocks | wc -l)" = "$(wc -l <blocks)" ]
ok "blocks of a day, the first one of 1 June"
awk '{ exit !($1 > .48 && $1 < .52) }' back
ok "no order within a block"

# --- properties and tree ------------------------------------------------------------------

cat shop/item_properties_part?.csv >both.csv
[ "$(grep -vc timestamp both.csv)" = 405518 ] && [ "$(($(wc -l <shop/item_properties_part1.csv) - 1))" = 219999 ]
ok "rows of properties, cut in two where the real ones are"
! grep -v timestamp both.csv | grep -Evq '^[0-9]{13},[0-9]+,(categoryid,[0-9]+|available,[01]|790,n[0-9]+\.[0-9]{3}|[0-9]{1,4},(n[0-9]+\.[0-9]{3}|[0-9]+)( n[0-9]+\.[0-9]{3}| [0-9]+)*)$'
ok "rows as in the real files"
[ "$(grep -v timestamp both.csv | cut -d, -f1 | sort -u | awk 'NR > 1 { print $1 - last } { last = $1 }' | sort -u)" = 604800000 ] &&
    [ "$(grep -v timestamp both.csv | cut -d, -f1 | sort -u | wc -l)" = 18 ]
ok "18 weekly snapshots"
[ "$(grep -v timestamp both.csv | cut -d, -f2 | sort -u | wc -l)" = 8341 ]
ok "items with properties"
grep -E ',(790|available|categoryid),' both.csv | sort -t, -k2,2n -k3,3 -k1,1n |
    awk -F, '$2 == i && $3 == p && $4 == v { print; exit 1 } { i = $2; p = $3; v = $4 }'
ok "what has not changed is not there again"
cut -d, -f1-3 both.csv | grep -v timestamp | sort | uniq -d | awk 'END { exit NR > 40 }'
ok "hardly a property twice in a week"
ur-shape real="$T/data/retailrocket/events.csv.zst" made=shop/events.csv >shape
[ "$(grep 'categories by depth' shape)" = "$(printf 'categories by depth\t25 174 702 665 90 13\t25 174 702 665 90 13')" ]
ok "a tree as deep as the real one"
[ "$(head -1 shape)" = "$(printf 'figure\treal\tmade')" ] && [ "$(grep '^rows' shape)" = "$(printf 'rows\t100000\t55122')" ] &&
    [ "$(grep -c '' shape)" = 23 ]
ok "ur-shape: logs side by side"
awk -F '\t' '/visitors with (2|3|5|10) / { if ($3 / $2 < .7 || $3 / $2 > 1.5) exit 1 }' shape
ok "visitors as active as the real ones"
printf '%s\n' timestamp,visitorid,event,itemid 1,1,view,1 2,1,view,2 3,2,addtocart,2 >few.csv
printf '\357\273\277"timestamp"\t"visitorid"\t"event"\t"itemid"\n1\t1\tview\t1\n2\t1\tview\t2\n3\t2\taddtocart\t2\n' >'few=.tsv'
sed 3q few.csv >views.csv
sed 1q few.csv >empty.csv
ur-shape real="$T/data/retailrocket/events.csv.zst" few.csv "./few=.tsv" views.csv empty.csv >shape 2>err && [ ! -s err ] && cut -f 1,3- shape >few &&
    awk -F '\t' 'NF != 5 || FNR > 1 && $2 != $3 { exit 1 }' few && [ "$(grep -c '' few)" = 23 ] &&
    grep -q '^of them orphans	1	1	nan	nan$' few && grep -q '^carts	0.3333	0.3333	0.0000	nan$' few && grep -q '^most views of an item	1	1	1	0$' few
ok "ur-shape: logs with few events, views alone and none, tabs and quotes"
full() { ur-shape made=shop/events.csv >/dev/full; }
refuses 1 '^ur-shape: <stdout>: write failed' full
ok "ur-shape: a full disk"
refuses 2 'expected a log' ur-shape && refuses 1 'none.csv: no such file' ur-shape none.csv
ok "ur-shape: no log"

# --- seeds --------------------------------------------------------------------------------

rr-synth --scale .002 --seed 7 -o a --truth a.ur && rr-synth --scale .002 --seed 7 -o b --truth b.ur &&
    diff -r a b >same && cmp a.ur b.ur
ok "the same seed gives the same bytes"
rr-synth --scale .002 --seed 8 -o c --truth c.ur
for f in events.csv item_properties_part1.csv item_properties_part2.csv category_tree.csv; do
	! cmp -s a/$f c/$f
	ok "another seed, another $f"
done
! cmp -s <(ur-dump a.ur | tail -3) <(ur-dump c.ur | tail -3)
ok "another seed, another model"
rr-synth --scale .002 -o d && rr-synth --scale .002 --seed 1 -o e && diff -r d e >same
ok "the default seed is what the page says"
for scale in .001 0.01; do
	rr-synth --scale $scale -o small && rr-sessionize --stats - -o small.ur small/events.csv | jq -e --arg s $scale \
	    '.rows - 2756101 * ($s | tonumber) | fabs < 3' >same
	ok "--scale $scale"
done

rr-synth --scale sample -o small && rr-sessionize --stats - -o small.ur small/events.csv |
    jq -c '[.rows, .visitors, .items, .sessions]' | grep -qx '\[100000,54913,39559,62191\]'
ok "--scale sample: the totals of the real log's first rows"
rm -r small

# --- the user model found again -------------------------------------------------------------

rr-synth --scale .3 -o large --truth large.ur
rr-sessionize -o large/sessions.ur large/events.csv
featurize() { ur-featurize -p large/item_properties_part1.csv -p large/item_properties_part2.csv --categories large/category_tree.csv --split 7:1:2 "$@" large/sessions.ur; }
featurize --features root,price,available,repeat -o large/own.ur
featurize --spec large.ur -o large/true.ur
ur-pretrain -q --state none --dims 0 --ridge 3e-4 -o fitted.ur large/own.ur
ur-eval --json -m fitted.ur large/own.ur >fitted.json
ur-eval --json -m large.ur large/true.ur >true.json
jq -es '.[0].nll.value / .[1].nll.value < 1.01 and .[1].nll.value < .9 * .[1].nll_uniform.value' fitted.json true.json >same
ok "held-out steps: within 1 % of the true model's likelihood"
jq -es '.[0].ece.value < .03 and .[1].ece.value < .03' fitted.json true.json >same
ok "probabilities are calibrated"
weights() { ur-dump "$1" | jq -c 'select(.name == "mlp.0.w") | .data | [.[0], .[2]]'; }
jq -esn --argjson a "$(weights fitted.ur)" --argjson b "$(weights large.ur)" '[$a, $b] | transpose | map(.[0] - .[1] | fabs) | max < .2' >same
ok "the weights of price and availability are those of the true model"
rm -r large

# --- bad options ----------------------------------------------------------------------------

usage()         # pattern, options
{
	local pattern=$1
	shift
	refuses 2 "^rr-synth: $pattern" rr-synth "$@" && [ ! -e bad ]
	ok "$*"
}
usage "--scale: '0' is neither" --scale 0 -o bad
usage "--scale: '-1' is neither" --scale -1 -o bad
usage "--scale: '1000' is neither" --scale 1000 -o bad
usage "--scale: 'nan' is neither" --scale nan -o bad
usage "--scale: 'half' is neither" --scale half -o bad
usage "--scale: '' is neither" --scale '' -o bad
usage "--scale: '.5x' is neither" --scale .5x -o bad
usage "--seed: '-1' is not" --seed -1 -o bad
usage '-o is required' --scale .001
usage 'events.csv: there is no input' --scale .001 -o bad events.csv
: >file
refuses 1 'file/events.csv: Not a directory' rr-synth --scale .001 -o file
ok "a file for the folder"
refuses 1 'no/where: No such file' rr-synth --scale .001 -o no/where
ok "no folder for the folder"
refuses 1 '^rr-synth: /dev/full: No space left' rr-synth --scale .001 -o bad --truth /dev/full
ok "a full device"
mkdir full && ln -s /dev/full full/events.csv
refuses 1 '^rr-synth: full/events.csv: No space left' rr-synth --scale .001 -o full && [ "$(ls full)" = events.csv ]
ok "a full device for the log: no other file either"
done_testing
