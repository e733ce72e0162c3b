# pipelines/plot: every picture from small inputs, the same bytes twice, and what it refuses.
. "$T/lib.sh"
if ! command -v gnuplot >/dev/null; then
	skip plot "gnuplot is not installed"
	done_testing
fi

awk 'BEGIN { print "iteration\ttrain_nll\tnll\tprec@1\tprec@2"
	for (i = 0; i <= 50; i += 10) printf "%d\t%.3f\t%.3f\t%.3f\t%.3f\n", i, 1 - i / 100, 1.1 - i / 100, i / 100, i / 80 }' >log.tsv
awk -F'\t' -v OFS='\t' '{ print $0, (NR == 1 ? "loss_max\tloss_min\tgap" : NR "\t" (-NR) "\t" 1 / NR) }' log.tsv >adv.tsv
printf 'metric\tvalue\tlow\thigh\nnll_pick\t.6\t.5\t.7\nnll_uniform\t1.1\t\t\nprec@1\t.7\t.6\t.8\nchance@1\t.4\t\t\nprec@2\t.8\t.75\t.9\nchance@2\t.6\t\t\npopularity@1\tnan\t\t\n' >lstm.tsv
printf 'metric\tmean\tsd\tlow\thigh\nnll_pick\t.6\t.1\t.5\t.7\nprec@1\t.7\t.1\t.6\t.8\nprec@2\t.8\t.1\t.75\t.9\n' >seeds.tsv
printf 'lr\tdims\tseed\tstatus\tnll\tprec@1\n1\t0\t1\t0\t.7\t.5\n1\t0\t2\t0\t.9\t.5\n2\t0\t1\t0\t.6\t.4\n2\t0\t2\t3\tnan\tnan\n1\t64\t1\t0\t.5\t.3\n' >sweep.tsv
awk 'BEGIN { print "user\ttime\titem\treward\tprobability\tpicked"
	for (u = 0; u < 30; u++) for (i = 0; i < 3; i++) printf "%d\t%d\t%d\t0\t%.2f\t%d\n", u, u, i, i == 0 ? .6 : .2, i == u % 3 && u % 5 }' >items.tsv

draws()         # name, words
{
	local name=$1
	shift
	ur-plot "$@" -o one.svg && ur-plot "$@" >two.svg && cmp one.svg two.svg && head -c 5 one.svg | grep -q '<?xml' && tail -n 2 one.svg | grep -q '</svg>'
	ok "$name as SVG, same bytes"
	ur-plot "$@" -o one.png && ur-plot "$@" -o two.png && cmp one.png two.png && head -c 4 one.png | grep -q PNG
	ok "$name as PNG, same bytes"
	ur-plot --text "$@" >one.txt 2>err && [ -s one.txt ] && [ ! -s err ]
	ok "$name as text"
}
draws curves curves log.tsv other=log.tsv
ur-plot curves other=log.tsv | grep -q other
ok "names are shown"
draws "adversarial curves" curves adv.tsv log.tsv
draws bars bars lstm=lstm.tsv seeds=seeds.tsv
draws map map sweep.tsv lr dims
draws reliability reliability items.tsv

# Names are words, whatever is in them.
odd='50% `touch run` "\x'
for kind in 'bars lstm.tsv' 'curves log.tsv' 'reliability items.tsv'; do
	ur-plot -o odd.svg ${kind% *} "$odd"$'\n\1\377é='"${kind#* }" && [ ! -e run ] && grep -q '>50% touch run xé<' odd.svg
	ok "a name with odd letters: ${kind% *}"
done
sed 's/64/64`touch run`%/' sweep.tsv >odd.tsv
ur-plot -o odd.svg map odd.tsv lr dims && [ ! -e run ] && grep -q '>64touch run%<' odd.svg
ok "a map of odd values"
for kind in 'bars lstm.tsv' 'curves log.tsv' 'reliability items.tsv' 'map sweep.tsv lr dims'; do
	read -r kind file columns <<<"$kind"
	cp $file lr=1.tsv && mkdir -p lr=1 && cp $file lr=1/x.tsv && ur-plot $kind $file $columns >want.svg
	[ $kind = map ] && ur-plot map lr=1.tsv $columns | cmp - want.svg && ur-plot map lr=1/x.tsv $columns | cmp - want.svg ||
	    { [ $kind != map ] && ur-plot $kind "${file%.*}=lr=1.tsv" </dev/null | cmp - want.svg; }
	ok "a file with an equals sign: $kind"
done
printf 'metric\tvalue\tlow\thigh\nnll_pick\tinf\t\t\nprec@1\t.7\t\t\n' >inf.tsv
printf 'iteration\tnll\tprec@1\tprec@2\n10\tnan\tnan\t.5\n20\tnan\tnan\t.6\n' >nan.tsv
for kind in 'bars inf.tsv' 'curves nan.tsv'; do
	ur-plot $kind | tail -n 2 | grep -q '</svg>' && ur-plot -t $kind >none.txt
	ok "without a figure that is defined: ${kind% *}"
done
ur-plot -t map sweep.tsv lr dims | grep -q '^64  *\*0.5000  *none$' && ur-plot -t map sweep.tsv lr dims | grep -q '^0  *0.8000  *none$'
ok "a cell is the mean over seeds; where one diverged there is none"
ur-plot -t map -m prec@1 sweep.tsv lr dims | grep -q '^0  *\*0.5000 '
ok "--metric: more is better where it is"
ur-plot curves - <log.tsv | sed "s/>-</>log</" | cmp - <(ur-plot curves log.tsv)
ok "- is standard input"

: >empty
{ cat log.tsv; echo 1; } >short.tsv
while IFS='|' read -r status pattern words; do
	refuses "$status" "^ur-plot: $pattern" ur-plot $words
	ok "refuses ${words:-nothing}"
done <<'END'
2|expected what to draw|
2|expected what to draw|curves
2|'pie' is none of|pie log.tsv
2|--output: 'x.gif' ends neither|-o x.gif curves log.tsv
2|--text is for standard output|-t -o x.svg curves log.tsv
2|8 logs, expected 7|curves log.tsv log.tsv log.tsv log.tsv log.tsv log.tsv log.tsv log.tsv
2|map: expected sweep.tsv|map sweep.tsv lr
1|nope: not there|curves nope
1|empty: holds no rows|curves empty
1|short.tsv: line 8: 1 values|curves short.tsv
1|lstm.tsv: line 1: no column iteration|curves lstm.tsv
1|log.tsv: line 1: no column metric|bars log.tsv
1|log.tsv: line 1: no column status|map log.tsv lr dims
1|sweep.tsv: line 1: lr and foo are not|map sweep.tsv lr foo
1|sweep.tsv: line 1: no figure foo|map -m foo sweep.tsv lr dims
1|log.tsv: line 1: expected the table|reliability log.tsv
1|/dev/null/x.svg: Not a directory|-o /dev/null/x.svg curves log.tsv
END
mkdir disk
if mount -t tmpfs -o size=8k none disk 2>/dev/null; then
	refuses 1 '^ur-plot: disk/x.svg: not written' ur-plot -o disk/x.svg curves log.tsv && [ -z "$(ls disk)" ]
	ok "nothing is left on a full disk"
	umount disk
else
	skip "nothing is left on a full disk" "mounts are not allowed here"
fi
ln -s linked.svg link.svg && : >linked.svg
ur-plot -o link.svg curves log.tsv && [ -L link.svg ] && tail -n 2 linked.svg | grep -q '</svg>'
ok "a symbolic link's target is replaced"
full() { ur-plot curves log.tsv >/dev/full; }
refuses 1 '^ur-plot: <stdout>: not written' full
ok "a full disk is an error"
done_testing
