# Time from 1/16 to 4 times the full log: the exponent of a power law through it.
exponent()      # lines of size<TAB>seconds
{
	awk '{ x = log($1); y = log($2); n++; sx += x; sy += y; sxx += x * x; sxy += x * y }
	END { printf "%.3f\n", (n * sxy - sx * sy) / (n * sxx - sx * sx) }'
}

for scale in 0.0625 0.25 full 4; do
	folder=$(full_log $scale) || { skip "everything" "no rr-synth to make a log"; break; }
	n=$(wc -l <"$folder/events.csv")
	taken=$(seconds rr-sessionize -q -o sessions.ur "$folder/events.csv")
	row "rr-sessionize, $n lines" "$taken" s
	printf '%s\t%s\n' "$n" "$taken" >>growth.sessions
	taken=$(seconds ur-featurize -q --properties "$folder/item_properties_part1.csv" \
	    --properties "$folder/item_properties_part2.csv" --categories "$folder/category_tree.csv" -o batches.ur sessions.ur)
	row "ur-featurize, $n lines" "$taken" s
	printf '%s\t%s\n' "$n" "$taken" >>growth.batches
done
if [ -r growth.batches ]; then
	row "rr-sessionize: exponent" "$(exponent <growth.sessions)" "" "<=1.15"
	row "ur-featurize: exponent" "$(exponent <growth.batches)" "" "<=1.15"
fi
