# pipelines/study: means over splits, paired differences, and refusals.
. "$T/lib.sh"

rr-sessionize "$T/data/retailrocket/events.csv.zst" >sessions.ur
ur-grid state=none dims=0,8 iterations=20 >grid.tsv
ur-study -q --splits 3 sessions.ur grid.tsv dir >table.tsv
ok "a study ends"
[ "$(wc -l <table.tsv)" = 3 ] && grep -q '^dims=0,.*	+0.0000	+0.0000	+0.0000$' table.tsv
ok "a row for each setting, and the first one is as far from itself as can be"

# The mean over splits is that of the figures in the runs.
want=$(cat dir/*/dims=8,*/test.tsv | awk '$1 == "nll" { s += $2 } END { printf "%.4f", s / 3 }')
[ "$(awk -F'\t' '/^dims=8/ { print $3 }' table.tsv)" = "$want" ]
ok "test nll is the mean over the splits"

touch before
ur-study -q --splits 3 sessions.ur grid.tsv dir | cmp - table.tsv && [ -z "$(find dir -name model.ur -newer before)" ]
ok "again: the same table, nothing trained"

# What has no figure on some split has no mean and no difference, and is not first; a constant difference has no spread.
{
	for split in 1 2 3; do
		for role in validation test; do
			printf '%s,\t%s\t%s\tnll\t%s\n' good $split $role 1.$split same $split $role 1.${split}01 \
			    sparse $split $role ${split/2/inf} part $split $role ${split/[12]/nan}
		done
	done
	echo none,
} | awk -v splits=3 -f "$T/../pipelines/student.awk" -f "$T/../pipelines/study.awk" | cut -f 1-3,8- >odd.tsv
cmp - odd.tsv <<END
setting	validation_nll	nll	against_first	low	high
good	1.2000	1.2000	+0.0000	+0.0000	+0.0000
same	1.2010	1.2010	+0.0010	+0.0010	+0.0010
none	nan	nan	nan	nan	nan
part	nan	nan	nan	nan	nan
sparse	nan	nan	nan	nan	nan
END
ok "undefined figures"
full() { ur-study -q --splits 3 sessions.ur grid.tsv dir >/dev/full; }
refuses 1 '^ur-study: <stdout>: write failed' full
ok "a full disk"
refuses 2 "splits: '1' is not" ur-study --splits 1 sessions.ur grid.tsv dir
ok "one split"
refuses 2 "jobs: '0' is not" ur-study --jobs 0 sessions.ur grid.tsv dir
ok "no jobs"
refuses 2 "no feature|none of|color" ur-study --features color sessions.ur grid.tsv dir2
ok "an unknown feature"
refuses 1 "nosuch" ur-study nosuch.ur grid.tsv dir2
ok "no sessions"
done_testing
