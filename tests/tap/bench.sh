# The verdicts in the table of make bench.
. "$T/lib.sh"

row()           # value, unit, rival, wanted -> ratio and verdict
{
	awk -v OFS='\t' -v part=p -v case=c -v value="$1" -v unit="$2" -v name=r -v rival="$3" -v wanted="$4" \
	    -f "$T/bench/row.awk" /dev/null | cut -f 7,9
}

[ "$(row 300 it/s 100 '>=3x')" = $'3\tmet' ]
ok "a rate is better when it is more"
[ "$(row 2 s 6 '>=3.1x')" = $'3\tshort' ]
ok "a time is better when it is less"
[ "$(row 55 GFLOP/s 100 '>=55%')" = $'0.55\tmet' ] && [ "$(row 54 GFLOP/s 100 '>=55%')" = $'0.54\tshort' ]
ok "a part of the rival's value"
[ "$(row 0.36 s '' '<=0.35')" = $'\tshort' ] && [ "$(row 0.35 s '' '<=0.35')" = $'\tmet' ]
ok "a limit without a rival"
[ "$(row 5 it/s '' '>=3x')" = $'\tunknown' ]
ok "a ratio to nothing is unknown"
done_testing
