# pipelines/grid: every combination, in order, and what it refuses.
. "$T/lib.sh"

printf 'lr\tdims\tseed\n' >want
for lr in 1e-3 5e-4; do for dims in 64-64 0; do for seed in 1 2 3; do
	printf '%s\t%s\t%s\n' $lr $dims $seed
done; done; done >>want
ur-grid lr=1e-3,5e-4 dims=64-64,0 seed=1:3 >got && cmp want got
ok "every combination, the last column fastest"
[ "$(ur-grid l2=-,1e-2 | tr '\n' ' ')" = "l2 - 1e-2 " ]
ok "- leaves an option out"
[ "$(ur-grid select=nll,prec@1 | tr '\n' ' ')" = "select nll prec@1 " ]
ok "every word that an option takes"
[ "$(ur-grid seed=0:1,7 | tr '\n' ' ')" = "seed 0 1 7 " ]
ok "ranges and values mix"

echo before >log
ur-grid seed=5:1 2>>log
[ "$(cat log)" = "before
ur-grid: seed: 5:1 is no range, expected first:last" ]
ok "what a file of messages held is kept"

while IFS='|' read -r pattern words; do
	refuses 2 "^ur-grid: $pattern" ur-grid $words
	ok "refuses ${words:-nothing}"
done <<'END'
no column|
"lr" is no column|lr
"Lr=1" is no column|Lr=1
lr has no value|lr=
lr: "" is no value|lr=1,
lr: "a/b" is no value|lr=a/b
lr: 1 is there twice|lr=1,1
lr is there twice|lr=1 lr=2
seed: 2 is there twice|seed=1:3,2
seed: 5:1 is no range|seed=5:1
seed: 0:9999999 has more|seed=0:9999999
more than 1000000 rows|seed=1:1000 lr=1:1000 l2=1,2
.*--jobs|--jobs 2 seed=1
END
full() { ur-grid lr=1 >/dev/full; }
refuses 1 '^ur-grid: <stdout>: write failed' full 2>/dev/null || { full 2>full.err; grep -q '^ur-grid: <stdout>' full.err; }
ok "a full disk is an error"
done_testing
