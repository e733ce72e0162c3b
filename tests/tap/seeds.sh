# pipelines/seeds: one run per seed, and the mean, deviation and interval of what they print.
. "$T/lib.sh"
seeds=$T/../pipelines/seeds

if ! command -v parallel >/dev/null; then
	skip seeds "GNU parallel is not installed"
	done_testing
fi

table='printf "metric\tvalue\tlow\thigh\nnll\t{}\t\t\nusers\t9\t\t\nmrr\tnan\t\t\n"'
printf 'metric\tmean\tsd\tlow\thigh\nnll\t2\t1\t-0.48414\t4.4841\nusers\t9\t0\t9\t9\nmrr\tnan\tnan\tnan\tnan\n' >want
"$seeds" 3 "$table" | awk -F'\t' -v OFS='\t' '$4 ~ /[0-9]/ { $4 = sprintf("%.5g", $4); $5 = sprintf("%.5g", $5) } 1' >got
diff want got
ok "mean, standard deviation and t interval of three seeds"

full() { "$seeds" 2 "$table" >/dev/full; }
refuses 1 ': <stdout>: write failed' full
ok "a full disk"

"$seeds" -j 1 -s 7 1 "$table" | grep -q "^nll	7	nan	nan	nan$"
ok "one seed has no spread; -s names the first"

"$seeds" 2 eval 'echo x >"$DIR/x"; test $(cat "$DIR"/x | wc -l) = 1 &&' "$table" '| sed "s/{}/$SEED/"' | grep -q '^nll	1.5	'
ok "a command of several words, \$SEED and \$DIR"

PARALLEL=--dry-run "$seeds" -j 1 1 "$table" | grep -q "^nll	1	nan"
ok "not with a user's own options of GNU parallel"

refuses 1 '^seeds: seed 2: the command ended with status 3$' "$seeds" -j 1 3 'test {} != 2 || exit 3;' "$table"
ok "a run that fails stops the rest"
"$seeds" -j 1 2 'echo boo >&2; false | cat' 2>&1 >/dev/null | grep -q boo
ok "its own messages are shown, and a failure inside a pipe is one"
refuses 1 '^seeds: seed 1: expected a table of ur-eval' "$seeds" 1 echo hello
ok "something else than a table"
refuses 1 '^seeds: seed 1: the command printed nothing' "$seeds" 1 true
ok "nothing"
refuses 1 '^seeds: seed 1: two rows nll' "$seeds" 1 "$table; $table | tail -n +2"
ok "a metric twice"
refuses 1 '^seeds: seed 2: a row b, which the first table has not' "$seeds" 2 'printf "metric\tvalue\na\t1\n"; [ {} = 1 ] || printf "b\t2\n"'
ok "a row that not all have"
refuses 1 '^seeds: seed 2: no row b' "$seeds" 2 'printf "metric\tvalue\na\t1\n"; [ {} = 2 ] || printf "b\t2\n"'
ok "a row that is missing"
for words in '0 true' 'x true' '5' '' '-j 0 1 true' '-s x 1 true' '-z 1 true' '-j'; do
	refuses 2 '^seeds: ' "$seeds" $words
	ok "status 2: seeds $words"
done
"$seeds" --help | grep -q '^usage: ur-seeds'
ok "--help"
done_testing
