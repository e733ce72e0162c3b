# ur-featurize: splits, vocabularies and counts, page statistics, properties as of the time, trees, specs, bad input.
. "$T/lib.sh"
sample=$T/data/retailrocket/events.csv.zst
tree=$T/data/retailrocket/category_tree.csv

# "user time item click role" rows, sessions by way of the chen2019 format
sessions()      # name
{
	{ printf 'session_new_index\tTime\titem_new_index\tis_click\traw_index\ttr_val_tst\n'
	awk -v OFS='\t' 'NF { print $1, $2, $3, $4, NR, $5 }'; } | rr-sessionize -f chen2019 -o "$1"
}
dump() { ur-dump "$1" | jq -c "${@:2}"; }
steps() { ur-dump "$1" | grep '"role"'; }
roles() { dump "$1" 'select(.role) | .role' | sort | uniq -c | tr -s ' \n"' ' '; }

rr-sessionize -o rr.ur "$sample"
ur-featurize -o rr.batches rr.ur

# --- what goes in comes out ----------------------------------------------------------

[ "$(steps rr.ur | jq -c 'del(.role, .items)')" = "$(steps rr.batches | jq -c 'del(.role, .items)')" ]
ok "users, times, picks and ranks stay"
ur-dump rr.batches | jq -n -c '[inputs] as $all | ($all | map(select(has("row")) | .id)) as $id
    | $all[] | select(.items) | [.items[] | $id[.]]' >back
steps rr.ur | jq -c .items | cmp -s - back
ok "rows of the table lead back to the items"
ur-featurize <rr.ur | cmp -s - rr.batches
ok "standard input, standard output"
cat rr.ur | ur-featurize - | cmp -s - rr.batches
ok "a pipe"
[ "$(dump rr.batches 'select(.format) | .history | [map(.tool), .[1].args, .[1].seed]')" = \
    '[["rr-sessionize","ur-featurize"],{"features":"id,repeat","min-count":2,"split":"8:1:1","split-by":"user"},1]' ]
ok "the history keeps what changes the result"

# users in another order, in two files or in one after the other: the same bytes
zstd -dcq "$sample" | awk -F, 'NR == 1 { print >"odd.csv"; print >"even.csv"; next } { print >($2 % 2 ? "odd.csv" : "even.csv") }'
rr-sessionize -o odd.ur odd.csv && rr-sessionize -o even.ur even.csv
cat odd.ur even.ur >both.ur
ur-featurize both.ur | cmp -s - rr.batches && ur-featurize even.ur odd.ur | cmp -s - rr.batches
ok "the order of users changes nothing"
for options in '--features id' '--min-count 1' '--split 1:1:1' '--split-by time' '--seed 2'; do
	ur-featurize $options rr.ur >other && ! cmp -s other rr.batches
	ok "$options changes the result"
done
ur-featurize --features id,repeat --min-count 2 --split 8:1:1 --split-by user --seed 1 rr.ur |
    cmp -s - rr.batches
ok "defaults are what the page says"

[ "$(ur-featurize -v -o other rr.ur 2>&1)" = \
    "ur-featurize: 436 users; 603 steps train, 56 validate, 45 test, 0 are context; $(dump rr.batches 'select(has("row"))' | wc -l) rows of items" ]
ok "-v sums up"
[ -z "$(ur-featurize -o other rr.ur 2>&1)" ]
ok "nothing is said otherwise"

# --- splits --------------------------------------------------------------------------

sessions roles.ur <<-'X'
	1 10 5 1 0
	1 10 6 0 0
	2 20 5 1 1
	2 21 6 1 2
	3 30 7 1 0
X
ur-featurize -o roles.batches roles.ur
[ "$(roles roles.batches)" = " 1 test 2 train 1 validation " ]
ok "roles already there are kept"
ur-featurize --split 1:0:0 roles.ur >all.batches && [ "$(roles all.batches)" = " 4 train " ]
ok "an explicit split replaces them"
[ "$(steps rr.batches | jq -rs 'group_by(.user) | map(map(.role) | unique | length) | max')" = 1 ]
ok "by user: one role for each user"
steps rr.batches | jq -es 'unique_by(.user) | length as $n | group_by(.role) | map({(.[0].role): (length / $n)}) | add
    | (.train - .8 | fabs) < .05 and (.validation - .1 | fabs) < .03 and (.test - .1 | fabs) < .03' >same
ok "by user: about the shares asked for"
ur-featurize --split-by time --split 7:2:1 rr.ur >time.batches
n=$(steps rr.ur | wc -l)
steps time.batches | jq -r '[.time, .user, .role] | @tsv' | sort -s -k1,1n -k2,2n | cut -f3 | uniq -c | tr -s ' \n' ' ' >got
echo " $((n * 7 / 10)) train $((n * 9 / 10 - n * 7 / 10)) validation $((n - n * 9 / 10)) test " | tr -d '\n' | cmp -s - got
ok "by time: steps by time, cut at the floor of the shares"
sessions ties.ur <<-'X'
	4 5 1 1 0
	3 5 1 1 0
	3 9 1 1 0
	2 9 1 1 0
	2 10 1 1 0
X
[ "$(ur-featurize --split-by time --split 2:1:2 ties.ur | ur-dump | jq -cs '[.[] | select(.role) | [.user, .time, .role]]')" = \
    '[[2,9,"validation"],[2,10,"test"],[3,5,"train"],[3,9,"test"],[4,5,"train"]]' ]
ok "by time: equal times by user, then by place"
rr-sessionize --history views -o views.ur "$sample"
ur-featurize -o views.batches views.ur && [ "$(dump views.batches 'select(.role == "context")' | wc -l)" = "$(dump views.ur 'select(.role == "context")' | wc -l)" ] &&
    ur-featurize --split 0:0:1 --spec rr.batches views.ur >all.batches && [ "$(dump all.batches 'select(.role == "context")' | wc -l)" = 96753 ]
ok "context stays context"
[ "$(steps views.batches | jq -c 'select(.role != "context") | [.user, .role]')" = "$(steps rr.batches | jq -c '[.user, .role]')" ]
ok "context changes no role"

# --- what is learned, and from which steps ---------------------------------------------

sessions counts.ur <<-'X'
	1 10 1 1 0
	1 10 2 0 0
	1 11 2 1 0
	1 11 3 0 0
	1 12 2 0 0
	1 12 4 0 0
	2 20 3 1 2
	2 20 9 0 2
	3 30 9 1 1
	3 30 1 0 1
X
ur-featurize -f id,repeat,popularity counts.ur -o counts.batches
[ "$(dump counts.batches 'select(.spec) | .spec | [.features, .training_steps, .items, .shown, .picked, .vocabulary.id]')" = \
    '[["id","repeat","popularity"],3,[1,2,3,4],[1,3,1,1],[1,1,0,0],[2]]' ]
ok "counts and codes come from training steps"
[ "$(dump counts.batches 'select(has("row")) | [.id, .code[0], .shown, .picked]' | tr -d '\n')" = \
    '[1,0,1,1][2,1,3,1][3,0,1,0][4,0,1,0][9,0,0,0]' ]
ok "the item table: code 0 for items too rare or not in training"
ur-featurize --min-count 1 -f id counts.ur >one && [ "$(dump one 'select(.spec) | .spec.vocabulary.id')" = '[1,2,3,4]' ] &&
    ur-featurize --min-count 4 -f id counts.ur >four && [ "$(dump four 'select(.spec) | .spec.vocabulary.id')" = '[]' ]
ok "--min-count"
# log1p of the other training steps: items 1, 3, 4 none, item 2 two, three times
dump counts.batches 'select(.spec) | .spec | [.mean.popularity, .deviation.popularity] | map(. * 1e8 | round)' >got
jq -nc '[0, 0, 0, 1, 1, 1] | map(. * (3 | log)) | (add / 6) as $m | [$m, (map((. - $m) * (. - $m)) | add / 6 | sqrt)] | map(. * 1e8 | round)' | cmp -s - got
ok "mean and deviation of popularity, once for each shown item"
ur-featurize -f popularity ties.ur | ur-dump | jq -c 'select(.spec) | .spec.deviation.popularity' | grep -qx 1
ok "a deviation of 0 counts as 1"
sessions future.ur <<-'X'
	1 10 1 1 0
	1 10 2 0 0
	1 11 2 1 0
	1 11 3 0 0
	1 12 2 0 0
	1 12 4 0 0
	2 20 3 0 2
	2 20 77 1 2
	3 30 9 0 1
	3 30 78 1 1
X
ur-featurize -f id,repeat,popularity future.ur -o future.batches
[ "$(dump counts.batches 'select(.spec) | .spec')" = "$(dump future.batches 'select(.spec) | .spec')" ]
ok "steps that do not train teach nothing"

# --- properties ------------------------------------------------------------------------

cat >tree.csv <<-'X'
	categoryid,parentid
	10,1
	1,
	20,2
	2,
	200,20
	30,3
X
sessions shop.ur <<-'X'
	1 1000 5 1 0
	1 1000 6 0 0
	1 2000 5 1 0
	1 2000 7 0 0
	1 3000 5 1 0
	2 1500 6 1 2
	2 1500 8 0 2
X
properties() { echo timestamp,itemid,property,value; printf '%s\n' "$@"; }
past='999,5,790,n10.000
1000,5,categoryid,10
1001,5,categoryid,200
2000,5,790,n20.500
2999,5,790,n10.000
2998,5,categoryid,10
500,6,available,1
500,6,790,n99
1200,6,available,0
500,7,categoryid,77
1500,8,categoryid,10'
properties $past >past.csv
ur-featurize -p past.csv --categories tree.csv --min-count 1 -o shop.batches shop.ur 2>err
[ "$(cat err)" = "ur-featurize: tree.csv: categories of items that are not in the tree, and so have no root: 1" ]
ok "categories not in the tree are counted"
[ "$(dump shop.batches 'select(.spec) | .spec | [.features, .vocabulary]')" = \
    '[["id","category","root","price","available","repeat"],{"id":[5,6,7],"category":[10,77,200],"root":[1,2]}]' ]
ok "all features but popularity by default; vocabularies of training steps"
x() { jq -n "[10, 99, 20.5, 10] | map(. + 1 | log) | (add / 4) as \$m | (map((. - \$m) * (. - \$m)) | add / 4 | sqrt) as \$s | ((\$m, \$s, ((($1 + 1 | log) - \$m) / \$s)) * 1e6 | round)"; }
dump shop.batches 'select(.spec) | (.spec.mean.price, .spec.deviation.price) * 1e6 | round' >got
x 1 | head -2 | cmp -s - got
ok "mean and deviation of the logarithm of the price"
dump shop.batches 'select(has("row")) | [.id, .code, [.dense[0] * 1e6 | round], .dense[1:]]' >got
{ echo "[5,[1,1,1],[$(x 10 | tail -1)],[0,0]]"; echo "[5,[1,3,2],[$(x 20.5 | tail -1)],[0,0]]"
echo "[6,[2,0,0],[$(x 99 | tail -1)],[0,0]]"; echo "[6,[2,0,0],[$(x 99 | tail -1)],[0,1]]"
echo '[7,[3,2,0],[0],[1,0]]'; echo '[8,[0,1,1],[0],[1,0]]'; } | cmp -s - got
ok "a row for each item and what was known of it at a step; a missing price is 0 and flagged"
[ "$(dump shop.batches 'select(.role) | [.time, .items]' | tr -d '\n')" = '[1000,[0,3]][2000,[1,4]][3000,[0]][1500,[2,5]]' ]
ok "steps have the rows of their time, the second too at which the value changes"
# ids that are text are so in the properties, too
printf '%s\n' timestamp,visitorid,event,itemid 1000,ann,view,red 2000,ann,view,blue 3000,ann,addtocart,red >text.csv
rr-sessionize --hash-ids -o text.ur text.csv
properties 500,red,790,n9 500,red,available,1 | ur-featurize -f price,available --split 1:0:0 -p - -o text.batches text.ur 2>err
[ "$(dump text.batches 'select(has("row")) | .dense[1:]' | sort | tr -d '\n')" = '[0,1][1,0]' ] && [ ! -s err ]
ok "hashed ids find their properties"
properties 500,5,790,n9 | ur-featurize -f price --split 1:0:0 -p - -o text.batches text.ur 2>err &&
    [ "$(cat err)" = "ur-featurize: no item has a property in these files by the time it is shown" ]
ok "properties of other items alone are told"
# later values, changed or not there, in any order: not one byte differs
properties $past 3001,5,790,n1.000 1501,6,790,junk 2001,7,790,n7 1501,8,categoryid,99 >future.csv
ur-featurize -p future.csv --categories tree.csv --min-count 1 shop.ur 2>/dev/null | cmp -s - shop.batches
ok "the future of the file changes not one byte"
properties $past 3000,5,790,n1.000 >now.csv
ur-featurize -p now.csv --categories tree.csv --min-count 1 shop.ur 2>/dev/null >got && ! cmp -s got shop.batches
ok "the value at the step's own time counts"
properties $(echo "$past" | tac) >back.csv
ur-featurize -p back.csv --categories tree.csv --min-count 1 shop.ur 2>/dev/null | cmp -s - shop.batches
ok "the order of the rows changes nothing"
properties $(echo "$past" | head -5) | gzip >one.csv.gz
properties $(echo "$past" | tail -n +6) | sed 's/$/\r/' >two.csv
ur-featurize -p one.csv.gz -p two.csv --categories tree.csv --min-count 1 shop.ur 2>/dev/null | cmp -s - shop.batches
ok "several files, packed or with CRLF, are one"
ur-featurize -p past.csv -f price shop.ur >price.batches &&
    [ "$(dump price.batches 'select(has("row")) | .id' | tr '\n' ' ')" = '5 5 6 7 8 ' ]
ok "only what the features tell apart makes rows"
ur-featurize -p past.csv shop.ur | ur-dump | jq -c 'select(.spec) | .spec.features' |
    grep -qx '\["id","category","price","available","repeat"\]'
ok "no root by default without a tree"

bad_row()       # name, pattern, row
{
	properties "$3" >bad.csv
	refuses 1 "^ur-featurize: bad.csv: line 2: $2" ur-featurize -p bad.csv -o bad.batches shop.ur && [ ! -e bad.batches ]
	ok "$1"
}
bad_row "a price that is no number" 'value "nx": expected a number of 0 or more, like n277.200' 10,5,790,nx
bad_row "a price without digits" 'value "n": expected a number' 10,5,790,n
bad_row "a negative price" 'value "n-3.000": expected a number' 10,5,790,n-3.000
bad_row "a price with an exponent" 'value "n1e3": expected a number' 10,5,790,n1e3
bad_row "a price with two points" 'value "n1.0.0": expected a number' 10,5,790,n1.0.0
bad_row "a price that ends in a point" 'value "n1.": expected a number' 10,5,790,n1.
bad_row "no price" 'value "": expected a number' 10,5,790,
bad_row "a price too long" 'value "n1+\.\.*": expected a number' 10,5,790,n1111111111111111111111111111111111111111111111111111111111111111
bad_row "a category that is no number" 'value "shoes": expected a whole number' 10,5,categoryid,shoes
bad_row "available neither 0 nor 1" 'value "2": expected 0 or 1' 10,5,available,2
bad_row "a time that is none" 'timestamp "x": expected milliseconds' x,5,790,n1
bad_row "an item that is none" 'itemid "x": expected a whole number' 10,x,790,n1
bad_row "a row too short" '3 fields, expected 4' 10,5,790
properties x,99,790,n1 10,5,283,junk 3001,5,790,junk >unread.csv
ur-featurize -p unread.csv -o got shop.ur
ok "rows of other items, of other properties and after the last step are not looked at"
properties 10,5,790,junk 10,6,790,n5 10,6,available,yes >some.csv
refuses 1 'some.csv: line 4: value "yes"' ur-featurize -p some.csv --skip-bad 1 -o bad.batches shop.ur &&
    ur-featurize -p some.csv --skip-bad 2 -o got shop.ur 2>err &&
    [ "$(cat err)" = 'ur-featurize: 2 bad rows left out, the first: some.csv: line 2: value "junk": expected a number of 0 or more, like n277.200' ]
ok "--skip-bad leaves out so many rows and says so"
echo timestamp,itemid,value >header.csv
refuses 1 'header.csv: line 1: no column "property"' ur-featurize -p header.csv -o bad.batches shop.ur
ok "properties without a column"
: >empty.csv
refuses 1 'empty.csv: line 1: empty' ur-featurize -p empty.csv -o bad.batches shop.ur
ok "an empty file of properties"
refuses 1 'none-such.csv: No such file' ur-featurize -p none-such.csv -o bad.batches shop.ur
ok "no such file of properties"

with_tree()     # rows of a tree
{
	{ echo categoryid,parentid; printf '%s\n' "$@"; } >bad-tree.csv
	ur-featurize -p past.csv --categories bad-tree.csv -o got shop.ur 2>err
}
bad_tree()      # name, pattern, rows
{
	local name=$1 pattern=$2
	shift 2
	{ echo categoryid,parentid; printf '%s\n' "$@"; } >bad-tree.csv
	refuses 1 "^ur-featurize: bad-tree.csv: $pattern" ur-featurize -p past.csv --categories bad-tree.csv -o bad.batches shop.ur && [ ! -e bad.batches ]
	ok "$name"
}
bad_tree "a cycle" 'category (10|20|30) is above itself' 1, 10,20 20,30 30,10
bad_tree "a category above itself" 'category 5 is above itself' 5,5
bad_tree "a category of two parents" 'line 4: categoryid "10": expected one parent for each' 1, 10,1 10,2
bad_tree "a category that is no number" 'line 2: categoryid "x": expected a whole number' x,1
bad_tree "a parent that is no number" 'line 2: parentid "y": expected a whole number' 1,y
with_tree 1, 10,1 10,1 200,20 77,1 && [ ! -s err ] && [ "$(dump got 'select(.spec) | .spec.vocabulary.root')" = '[1,20]' ]
ok "a row there twice, and a parent without a row: a top"
seq 2 200000 | awk 'BEGIN { print "categoryid,parentid\n1," } { print $1 "," $1 - 1 }' >deep.csv
ur-featurize -p past.csv --categories deep.csv shop.ur 2>/dev/null | ur-dump | jq -c 'select(.spec) | .spec.vocabulary.root' | grep -qx '\[1\]'
ok "a tree 200,000 deep"
properties 0,5,categoryid,1338 0,6,categoryid,1016 >real.csv
ur-featurize -p real.csv --categories "$tree" -f category,root shop.ur | ur-dump | jq -c 'select(.spec) | .spec.vocabulary.root | map(tostring) | .[]' | tr -d '"' >got
for c in 1338 1016; do
	awk -F, -v c=$c '{ up[$1] = $2 } END { while (up[c] != "") c = up[c]; print c }' "$tree"
done | sort -nu | cmp -s - got
ok "roots in RetailRocket's tree"

# --- --spec ----------------------------------------------------------------------------

ur-featurize -p past.csv --categories tree.csv --min-count 1 -f id,category,root,price,available,repeat,popularity -o full.batches shop.ur 2>/dev/null
ur-featurize --spec full.batches -p past.csv --categories tree.csv shop.ur 2>/dev/null >again.batches
cmp -s full.batches again.batches
ok "a spec on its own sessions gives the same bytes"
sessions new.ur <<-'X'
	7 2000 5 1 2
	7 2000 123 0 2
X
ur-featurize --spec full.batches -p past.csv --categories tree.csv -o new.batches new.ur 2>/dev/null
[ "$(dump new.batches 'select(.spec) | .spec')" = "$(dump full.batches 'select(.spec) | .spec')" ] &&
    [ "$(dump new.batches 'select(.id == 5) | [.dense, .code, .shown, .picked]')" = "$(dump full.batches 'select(.row == 1) | [.dense, .code, .shown, .picked]')" ]
ok "a spec on new sessions: the features it had"
[ "$(dump new.batches 'select(.id == 123) | [.dense, .code, .shown, .picked]')" = '[[0,1,0],[0,0,0],0,0]' ]
ok "an item that it never saw"
# batches of the feature price without users, as others may write them: mean 0 and deviation 0
base64 -d >flat.batches <<-'X'
	11VVUlMxDQoaCpMAxgAAAK+FpmZvcm1hdKp1ci1iYXRjaGVzpW1ham9yAaVtaW5vcgCnaGlzdG9yeZCkc3BlY4moZmVhdHVyZXOR
	pXByaWNlqW1pbl9jb3VudAGudHJhaW5pbmdfc3RlcHMBqnZvY2FidWxhcnmApG1lYW6BpXByaWNlywAAAAAAAAAAqWRldmlhdGlv
	boGlcHJpY2XLAAAAAAAAAAClaXRlbXPEAKVzaG93bsQApnBpY2tlZMQAzx2+2e5aj2v4k3/GAAAAIIOmZnJhbWVzAaRoYXNoz4id
	K+4Mkb+Fp3JlY29yZHMAzxrrOjaw+Ifj
	X
printf '%s\n' timestamp,itemid,property,value 0,5,790,n1.000 >one.csv
ur-featurize --spec flat.batches -p one.csv -o flat.ur new.ur && [ "$(dump flat.ur 'select(.id == 5) | .dense')" = '[0.693147182,0]' ]
ok "a deviation of 0 is taken for 1"
ur-featurize --spec rr.batches -o test.batches rr.ur && [ "$(roles test.batches)" = " 704 test " ]
ok "with a spec, steps without a role are test"
ur-featurize --spec rr.batches --split 8:1:1 -o got rr.ur && [ "$(roles got)" = "$(roles rr.batches)" ]
ok "with a spec and a split, the split"
ur-pretrain -q --iterations 5 -o model.ur rr.batches && ur-featurize --spec model.ur rr.ur | cmp -s - test.batches
ok "the spec of a model is that of its batches"
refuses 2 '^ur-featurize: --features: --spec brings its own' ur-featurize --spec rr.batches --features id -o bad.batches rr.ur
ok "--spec and --features"
refuses 2 '^ur-featurize: --min-count: --spec brings its own' ur-featurize --spec rr.batches --min-count 3 -o bad.batches rr.ur
ok "--spec and --min-count"
refuses 1 '^ur-featurize: rr.ur: ur-sessions has no features, expected batches or a model' ur-featurize --spec rr.ur -o bad.batches rr.ur
ok "a spec without features"
refuses 1 '^ur-featurize: none: No such file' ur-featurize --spec none -o bad.batches rr.ur
ok "no such spec"
refuses 2 '^ur-featurize: --properties is needed for the feature category' ur-featurize --spec full.batches -o bad.batches shop.ur
ok "a spec that needs properties"

# --- the command line ------------------------------------------------------------------

usage()         # pattern, options
{
	local pattern=$1
	shift
	refuses 2 "^ur-featurize: $pattern" ur-featurize "$@" -o bad.batches shop.ur && [ ! -e bad.batches ]
	ok "$*"
}
usage "--features: 'ids' is no feature" --features ids
usage "--features: '' is no feature" --features ''
usage "--features: '' is no feature" --features id,
usage "--features: id is given twice" --features id,repeat,id
usage '--properties is needed for the feature category' --features category
usage '--properties is needed for the feature price' --features id,price
usage '--properties is needed for the feature available' --features available
usage '--properties is needed for the feature root' --features root --categories tree.csv
usage '--categories is needed for the feature root' --features root --properties past.csv
usage "--split: '8:1' is not three" --split 8:1
usage "--split: '8:1:1:1' is not three" --split 8:1:1:1
usage "--split: '8:1:x' is not three" --split 8:1:x
usage "--split: '8:-1:1' is not three" --split 8:-1:1
usage "--split: '' is not three" --split ''
usage "--split: '4294967296:1:1' is not three" --split 4294967296:1:1
usage "--split: '0:0:0' is nothing" --split 0:0:0
usage "--split-by: 'item' is none of" --split-by item
usage "--min-count: '0' is not" --min-count 0
usage "--min-count: 'x' is not" --min-count x
usage "--seed: '-1' is not" --seed -1
usage "--skip-bad: '1.5' is not" --skip-bad 1.5
refuses 2 'is the same file as the input' ur-featurize -o shop.ur shop.ur && [ -s shop.ur ]
ok "the output is the input"
! ur-featurize -o shop.ur <shop.ur 2>err && grep -q 'shop.ur: output is the same file as the input <stdin>' err
ok "the output is standard input"
refuses 2 'is the same file as the input' ur-featurize -o rr.batches --spec rr.batches shop.ur && [ -s rr.batches ]
ok "the output is the spec"
refuses 2 'is the same file as the input' ur-featurize -o past.csv -p past.csv shop.ur && [ -s past.csv ]
ok "the output is a file of properties"
refuses 2 'is the same file as the input' ur-featurize -o tree.csv -p past.csv --categories tree.csv shop.ur && [ -s tree.csv ]
ok "the output is the tree"

# --- streams ---------------------------------------------------------------------------

bad()           # name, pattern, files
{
	local name=$1 pattern=$2
	shift 2
	refuses 1 "^ur-featurize: $pattern" ur-featurize -o bad.batches "$@" && [ ! -e bad.batches ]
	ok "$name"
}
bad "batches for sessions" 'rr.batches: ur-batches, expected ur-sessions' rr.batches
bad "text for sessions" 'past.csv: ' past.csv
bad "no such file" 'none.ur: No such file' none.ur
bad "a user there twice" 'shop.ur: user 1 is there twice' shop.ur shop.ur
cat shop.ur shop.ur >twice.ur
bad "a user there twice in one file" 'twice.ur: user 1 is there twice' twice.ur
rr-sessionize --gap 60 -o gap.ur odd.csv
bad "sessions made in two ways" 'gap.ur: sessions made otherwise' even.ur gap.ur
sessions test.ur <<-'X'
	1 10 5 1 2
X
bad "no training steps" 'test.ur: no training steps to learn the features from' test.ur
refuses 1 'no training steps' ur-featurize --split 0:1:1 -o bad.batches rr.ur
ok "a split without training steps"
refuses 1 'no training steps' ur-featurize --split 0:1:1 -p some.csv --skip-bad 2 -o bad.batches shop.ur
ok "an error is one line, whatever was left out before"
n=$(wc -c <shop.ur) wrong=0
for cut in $(seq 0 7 $((n - 1))) $((n - 1)); do
	head -c "$cut" shop.ur >cut.ur
	refuses 1 '^ur-featurize: cut.ur: ' ur-featurize -o bad.batches cut.ur && [ ! -e bad.batches ] || wrong=$((wrong + 1))
done
[ $wrong = 0 ]
ok "prefixes of a stream are refused"
refuses 1 'No space left' ur-featurize -o /dev/full rr.ur
ok "a full device"
ur-featurize rr.ur 2>err >/dev/full
[ $? = 1 ] && [ "$(wc -l <err)" = 1 ]
ok "standard output on a full device"
sessions one.ur <<-'X'
	18446744073709551615 9223372036854775807 18446744073709551615 1 0
	18446744073709551615 9223372036854775807 0 0 0
X
ur-featurize one.ur | ur-dump | grep -q '"user":18446744073709551615,"time":9223372036854775807,"role":"train","pick":1,"items":\[0,1\]'
ok "the largest ids and times"
awk 'BEGIN { for (i = 0; i < 70000; i++) { print 4, i, i % 7, 1, 0; print 4, i, 9, 0, 0 } print 5, 1, 9, 1, 0 }' | sessions long.ur
ur-featurize -o long.batches long.ur && [ "$(steps long.ur | jq -c 'del(.items)' | cksum)" = "$(steps long.batches | jq -c 'del(.items)' | cksum)" ]
ok "a user whose steps fill several frames"
awk 'BEGIN { for (i = 0; i < 65535; i++) print 4, 1, i * 3, i == 65534, 0 }' | sessions wide.ur
[ "$(ur-featurize wide.ur | ur-dump | jq -c 'select(.role) | [.pick, (.items | length)]')" = '[65534,65535]' ]
ok "the largest set"
rr-sessionize -o none.ur <<<timestamp,visitorid,event,itemid
[ "$(ur-featurize --spec rr.batches none.ur | ur-dump | tail -1)" = '{"end":true,"records":0}' ]
ok "no sessions are no batches"

yelp=${UR_DATA:-$T/../../shared/data}/ganrl-chen2019/yelp.txt
if [ -f "$yelp" ]; then
	rr-sessionize -f chen2019 "$yelp" | ur-featurize -o yelp.batches
	[ "$(steps yelp.batches | wc -l)" = 1725 ] &&
	    [ "$(steps yelp.batches | jq -r '"\(.role) \(.user)"' | sort -u | cut -d' ' -f1 | uniq -c | tr -s ' \n' ' ')" = \
	    " 352 test 703 train 351 validation " ]
	ok "yelp: users by role and steps"
else
	skip "yelp: users by role and steps" "$yelp is not here"
fi
done_testing
