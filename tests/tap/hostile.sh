# Input that is well-formed and unreasonable, and outputs that are no plain files.
. "$T/lib.sh"
header=timestamp,visitorid,event,itemid
refused() { refuses 1 "$@"; }

# No more than this many MB, where a build is not swollen by a sanitizer.
within()        # megabytes, command...
{
	local most=$1 status
	shift
	"$BUILD/faults/peak" peak "$@"
	status=$?
	case $BUILD in *san*) ;; *)
		[ "$(cat peak)" -le $((most * 1024)) ] || { echo "# $*: $(cat peak) kB, at most $most MB"; return 1; } ;;
	esac
	return $status
}

# --- one user ---------------------------------------------------------------------

awk -v h=$header 'BEGIN { print h; for (i = 0; i < 1000000; i++) print 1000 * i ",1,addtocart," i % 7 }' >long.csv
size=$(($(stat -c %s long.csv) >> 20))
within $((64 + 8 * size)) rr-sessionize --gap 0 --orphan add --keep-singletons -o long.ur long.csv
ok "a million steps of one user"
within $((64 + 8 * $(stat -c %s long.ur) / 1048576)) ur-featurize --split 1:0:0 -o long-train.ur long.ur
ok "a million steps of one user: features"
(set -o pipefail; within $((64 + 8 * $(stat -c %s long-train.ur) / 1048576)) ur-dump long-train.ur | tail -1 >end) &&
    [ "$(cat end)" = '{"end":true,"records":1000000}' ]
ok "a million steps of one user: dump"
ur-pretrain -q --state none --dims 2 --ridge none --iterations 1 -o long-model.ur long-train.ur 2>long.err
ok "a million steps of one user: a training"

rr-synth --scale .05 -o shop
rr-sessionize --no-pick --keep-singletons -o shop.ur shop/events.csv
within $((64 + 8 * $(cat shop/item* shop.ur | wc -c) / 1048576)) ur-featurize -p shop/item_properties_part1.csv \
    -p shop/item_properties_part2.csv --categories shop/category_tree.csv -o shop-train.ur shop.ur
ok "memory of features: 64 MB and eight times the input at most"
for tool in ur-pretrain ur-advtrain; do
	$tool -q --dims 256-256 --iterations 1 -o shop-model.ur shop-train.ur
	within $((64 + (2 * $(stat -c %s shop-train.ur) + 6 * $(stat -c %s shop-model.ur)) / 1048576)) \
	    $tool -q --dims 256-256 --iterations 3 -o shop-model.ur shop-train.ur
	ok "memory of $tool: 64 MB, twice the batches and six times the parameters at most"
done

# --- one set ----------------------------------------------------------------------

awk 'BEGIN { print "user,time,item,clicked"; for (i = 0; i < 65536; i++) print "1,5," i "," (i == 77) }' >set.csv
refused 'a set of more than 65535 items|65,535|65535' rr-sessionize --format impressions set.csv
ok "a set of 65,536 items is refused"
head -65536 set.csv >largest.csv
for u in 2 3; do sed -n "2,\$s/^1,/$u,/p" largest.csv | head -65535; done >>largest.csv
rr-sessionize --format impressions -o set.ur largest.csv && ur-featurize --split 1:0:0 --min-count 1 -o set-train.ur set.ur &&
    ur-pretrain -q --hidden 2 --dims 2 --iterations 2 -o set-model.ur set-train.ur 2>/dev/null &&
    [ "$(ur-eval -m set-model.ur --role train --bootstrap 0 set-train.ur | awk '$1 == "mean_set" { print $2 }')" = 65535 ]
ok "a set of 65,535 items, from log to table"

# --- numbers ----------------------------------------------------------------------

printf '%s\n' $header 0,18446744073709551615,view,18446744073709551615 9223372036854775807,18446744073709551615,view,0 \
    9223372036854775807,18446744073709551615,addtocart,0 0,0,view,0 0,0,addtocart,0 >ends.csv
rr-sessionize --keep-singletons ends.csv | ur-dump | grep -q '"user":18446744073709551615,"time":9223372036854775807'
ok "ids at 2^64 - 1, times at 2^63 - 1"
for bad in 9223372036854775808,1,view,1 -1,1,view,1 0,18446744073709551616,view,1 0,1,view,18446744073709551616; do
	printf '%s\n' $header $bad >beyond.csv
	refused '^rr-sessionize: beyond.csv: line 2: .*expected' rr-sessionize beyond.csv
	ok "refused: $bad"
done

awk -v h=$header 'BEGIN { print h; for (u = 0; u < 40; u++) for (i = 0; i < 3; i++) {
    print 10 * i "," u ",view," (u + i) % 5; print 10 * i + 1 "," u ",view," (u + i + 1) % 5; print 10 * i + 2 "," u ",addtocart," (u + i) % 5 } }' >few.csv
rr-sessionize -o few.ur few.csv
awk 'BEGIN { print "timestamp,itemid,property,value"; for (i = 0; i < 5; i++) print "0," i ",790,n10.000\n0," i ",available,1" }' >same.csv
ur-featurize --features id,price,available,popularity --properties same.csv --split 1:1:1 -o same.ur few.ur &&
    ur-pretrain -q --hidden 2 --dims 2 --iterations 5 -o same-model.ur same.ur && ur-eval -m same-model.ur --bootstrap 0 same.ur >table &&
    ! grep -E '^(nll|prec@1)	nan' table
ok "features without variance"

# --- roles and users ----------------------------------------------------------------

for split in 1:0:0 0:1:0 0:0:1; do
	rm -f one.ur one-model.ur
	if ur-featurize --split $split -o one.ur few.ur 2>err; then
		ur-pretrain -q --hidden 2 --dims 2 --iterations 2 -o one-model.ur one.ur 2>err
		status=$?
		[ $status = 0 ] || { [ $status = 1 ] && [ "$(wc -l <err)" = 1 ] && [ ! -e one-model.ur ]; }
	else
		[ "$(wc -l <err)" = 1 ] && [ ! -e one.ur ]
	fi
	ok "all steps in one role: $split"
done
ur-featurize --split 1:0:0 -o one.ur few.ur && ur-pretrain -q --hidden 2 --dims 2 --iterations 2 -o one-model.ur one.ur 2>/dev/null
ur-eval -m one-model.ur --bootstrap 0 one.ur >table 2>err && grep -q '^nll	nan' table && grep -q '^steps	0' table
ok "no step to score: undefined figures"

printf '%s\n' $header 0,7,view,1 1,7,view,2 >nothing.csv
rr-sessionize --no-pick -o nothing.ur nothing.csv few.csv && ur-featurize --split 1:1:1 -o nothing-train.ur nothing.ur &&
    ur-pretrain -q --hidden 2 --dims 2 --iterations 2 -o nothing-model.ur nothing-train.ur
ok "a user without a pick"
printf '%s\n' $header >empty.csv
rr-sessionize -o empty.ur empty.csv && [ "$(ur-dump empty.ur | tail -1)" = '{"end":true,"records":0}' ] &&
    refused '^ur-featurize: empty.ur: ' ur-featurize empty.ur
ok "a log without a row"

# --- many features ------------------------------------------------------------------

awk -v h=$header 'BEGIN { print h; for (i = 0; i < 1000000; i++) print "0," int(i / 50) ",view," i;
    for (u = 0; u < 20000; u++) print "1," u ",addtocart," 50 * u }' >items.csv
rr-sessionize --max-set 50 -o items.ur items.csv
ur-featurize --min-count 1 --split 1:0:0 -o items-train.ur items.ur 2>err
status=$?
[ $status = 0 ] || { [ $status = 1 ] && [ "$(wc -l <err)" = 1 ] && [ ! -e items-train.ur ]; }
ok "a million items with a code each: $(cat err)"
ur-featurize --min-count 2 --features id,repeat --split 1:0:0 -o items-train.ur items.ur
ok "a million items, none with a code of its own"

# --- archives -----------------------------------------------------------------------

head -c 200000000 /dev/zero | gzip -1 >bomb.gz
head -c 200000000 /dev/zero | zstd -q >bomb.zst
for bomb in bomb.gz bomb.zst; do
	for tool in rr-sessionize ur-featurize ur-dump; do
		refused "^$tool: $bomb: " within 64 $tool $bomb
		ok "$tool: $bomb, $(stat -c %s $bomb) bytes of 200 MB"
	done
done
{ echo $header; yes 1000,1,view,1 | head -3000000; } | gzip -1 >rows.gz
within 64 rr-sessionize --sorted -o rows.ur rows.gz
ok "three million rows, sorted, in constant memory"

# --- names and kinds of files -----------------------------------------------------------

odd=$(printf 'a\nb\tc\033[1m')
refused 'a.b.c' rr-sessionize "$odd"
ok "a name with a newline is told in one line"
rr-sessionize -o "$odd" few.csv && cmp "$odd" few.ur && ur-featurize -o "$odd.2" "$odd" && ur-dump "$odd.2" >/dev/null
ok "names with newlines"
refuses 2 'same file' rr-sessionize -o few.csv few.csv
ok "an output that is the input"

refuses 2 '^rr-sessionize: ./both: one file for two outputs' rr-sessionize -o both --stats ./both few.csv && ! ls both* 2>/dev/null
ok "rr-sessionize: one file for two outputs"
refuses 2 '/events.csv: one file for two outputs' rr-synth --scale .001 -o synth --truth "$PWD/synth/events.csv" && [ -z "$(ls synth)" ]
ok "rr-synth: one file for two outputs"
refuses 2 '^ur-pretrain: ./both: one file for two outputs' ur-pretrain -o both --log ./both same.ur && ! ls both* 2>/dev/null
ok "ur-pretrain: one file for two outputs"

ln -s few-2.ur link
echo old >few-2.ur
rr-sessionize -o link few.csv && [ -L link ] && cmp few-2.ur few.ur
ok "a symbolic link's target is replaced"
ln -s nowhere dangling
refused 'dangling: a symbolic link to nothing' rr-sessionize -o dangling few.csv && [ ! -e nowhere ]
ok "a symbolic link to nothing is refused"
ln -s circle circle
refused 'circle: ' rr-sessionize -o circle few.csv
ok "a symbolic link to itself is refused"
rr-sessionize -o /dev/null few.csv && [ -c /dev/null ]
ok "a device is written in place"
refused '^rr-sessionize: /dev/full: No space' rr-sessionize -o /dev/full few.csv
ok "/dev/full"
for tool in 'rr-sessionize few.csv' 'ur-featurize few.ur' 'ur-dump few.ur' 'ur-eval -m same-model.ur same.ur' \
    'ur-pretrain -q --hidden 2 --dims 2 --iterations 2 same.ur'; do
	$tool >/dev/full 2>err
	[ $? = 1 ] && [ "$(wc -l <err)" = 1 ] && grep -q '<stdout>: No space left' err
	ok "${tool%% *}: standard output is full"
done
refused 'few.csv: Is a directory|few.d' rr-sessionize -o few.d/ few.csv
ok "an output that would be a folder"
mkdir folder
refused '^rr-sessionize: folder: Is a directory' rr-sessionize folder
ok "an input that is a folder"
mkfifo pipe
cat pipe >through & rr-sessionize -o pipe few.csv
wait $!
cmp through few.ur && [ -p pipe ]
ok "a FIFO is written in place"
mkdir locked
chmod a-w locked
if [ "$(id -u)" = 0 ]; then
	skip "a folder that is not writable" "the superuser may write anywhere"
else
	refused 'locked/out.ur: Permission denied' rr-sessionize -o locked/out.ur few.csv
	ok "a folder that is not writable"
fi

# --- files that change in use --------------------------------------------------------------

rr-sessionize --gap 0 --orphan add --keep-singletons -o many.ur few.csv long.csv && ur-featurize --split 1:0:0 -o many-train.ur many.ur
for threads in 1 2; do
	cp many-train.ur cut.ur
	ur-pretrain -q --threads $threads --state none --dims 2 --ridge none --patience 0 --iterations 1000000 -o cut-model.ur cut.ur 2>err &
	sleep .7
	: >cut.ur
	wait $!
	[ $? = 1 ] && [ "$(tail -1 err)" = "ur-pretrain: an input file was cut short, or could not be read, while in use" ] &&
	    ! ls cut-model.ur* 2>/dev/null
	ok "an input cut short in use, threads: $threads"
done

# --- disks that are full ---------------------------------------------------------------------

mkdir disk
if mount -t tmpfs -o size=64k none disk 2>/dev/null; then
	for kilobytes in 60 56 52 48; do
		rm -f disk/*
		head -c ${kilobytes}k /dev/zero >disk/filler
		rr-sessionize --gap 0 --orphan add --keep-singletons -o disk/out.ur long.csv 2>err
		[ $? = 1 ] && grep -q 'disk/out.ur: No space left on device' err && [ "$(ls disk)" = filler ]
		ok "a full file system, $kilobytes kB of 64 taken"
	done
	umount disk
else
	skip "a full file system" "mounts are not allowed here"
fi
done_testing
