# pipelines/rank: settings over their seeds, best first, test figures of the best alone.
. "$T/lib.sh"
export PATH="$T/stub:$PATH"

# A sweep's folder by hand: run, status, then nll on validation and test.
run()
{
	mkdir -p "$1" && echo "$2" >"$1/status"
	if [ $# = 4 ]; then
		printf 'metric\tvalue\tlow\thigh\nnll\t%s\t\t\nprec@1\t%s\t\t\nprec@2\tnan\t\t\n' "$3" "$3" >"$1/validation.tsv"
		printf 'metric\tvalue\tlow\thigh\nnll\t%s\t\t\nprec@1\t.5\t\t\nprec@2\t.6\t\t\n' "$4" >"$1/test.tsv"
	fi
	(cd "$1" && sha256sum -- * >whole.tmp && echo end >>whole.tmp && mv whole.tmp whole)
}
for s in 1 2 3; do
	run "d/lr=1e-3,seed=$s,batches=00000000000000aa" 0 0.$((s + 4)) 0.9
	run "d/lr=5e-4,seed=$s,batches=00000000000000aa" 0 0.$s 0.8
	run "d/l2=1,lr=1,seed=$s,batches=00000000000000aa" $((s == 2 ? 3 : 0)) 0.01 0.01
done

ur-rank d >table
ok "prints a table"
[ "$(cut -f 1-6 table)" = "l2	lr	runs	diverged	nll	nll_sd
-	5e-4	3	0	0.2	0.1
-	1e-3	3	0	0.6	0.1
1	1	2	1	0.01	0" ]
ok "best first, those that diverged last" || sed 's/^/# /' table
[ "$(awk -F'\t' '{ for (i = 1; i <= NF; i++) if (NR == 1) at[$i] = i }
    NR > 1 { print $at["nll_low"], $at["nll_high"], $at["prec@2"], $at["test_nll"], $at["test_prec@2"] }' table)" = "-0.0484136 0.448414 nan 0.8 0.6
0.351586 0.848414 nan - -
0.01 0.01 nan - -" ]
ok "interval of the mean; test figures of the first alone"
[ "$(ur-rank -m prec@1 d | cut -f 2 | sed -n 2p)" = 1e-3 ]
ok "--metric: more is better where it is"
ur-rank --json d >table.json && [ "$(jq -c '[.[] | [.options.lr, .runs, .validation.nll.mean, .validation["prec@2"].mean, .test.nll.mean]]' table.json)" = \
    '[["5e-4",3,0.2,null,0.8],["1e-3",3,0.6,null,null],["1",2,0.01,null,null]]' ]
ok "--json"

truncate -s 30 'd/lr=5e-4,seed=1,batches=00000000000000aa/validation.tsv'
[ "$(ur-rank d | sed -n 2p | cut -f 2-5)" = "5e-4	2	0	0.25" ]
ok "a harmed run does not count"
run "d/lr=1e-3,batches=00000000000000bb" 0 1 1
refuses 1 '^ur-rank: d: runs on several batches.* 00000000000000aa 00000000000000bb$' ur-rank d
ok "runs on several batches are not mixed"
[ "$(ur-rank -b 00000000000000bb d | wc -l)" = 2 ]
ok "--batches chooses"

mkdir empty
while IFS='|' read -r status pattern words; do
	refuses "$status" "^ur-rank: $pattern" ur-rank $words
	ok "refuses ${words:-nothing}"
done <<'END'
2|expected the folder|
2|expected the folder|d d
1|nope: not a folder|nope
1|empty: no whole run|empty
1|d: no whole run on batches cc|-b cc d
2|--batches: 'x' is no hash|-b x d
1|d: no run has a figure foo|-b 00000000000000aa -m foo d
END
full() { ur-rank -b 00000000000000bb $1 d >/dev/full; }
for form in '' --json; do
	refuses 1 '^ur-rank: <stdout>: write failed' full $form
	ok "a full disk is an error${form:+, $form}"
done
done_testing
