# The data path on a log of full size, one core but for the rivals.
one=(taskset -c 0)

against()       # module, log
{
	has_python "$1" || { skip "rr-sessionize against $1" "no $1 in $PYTHON"; return; }
	"$PYTHON" "$HERE/paths.py" "$1" "$2" "$(nproc)" >rival.tsv || return
	[ "$(field hash rival.tsv)" = "$(field hash ours.tsv)" ] ||
	    wrong "$1 makes other steps: $(field steps rival.tsv), not $(field steps ours.tsv)"
	row "rr-sessionize" "$sessions" s "$1, $(field threads rival.tsv)t" "$(field seconds rival.tsv)" '>=1x'
}

if ! folder=$(full_log full); then
	skip "everything" "no rr-synth to make a log"
else
	log=$folder/events.csv
	properties=(--properties "$folder/item_properties_part1.csv" --properties "$folder/item_properties_part2.csv"
	    --categories "$folder/category_tree.csv")
	sessions=$(seconds "${one[@]}" rr-sessionize -q -o sessions.ur "$log")
	row "rr-sessionize, $(wc -l <"$log") lines" "$sessions" s "<=0.6"
	row "rr-sessionize" "$(mebibytes rr-sessionize -q -o sessions.ur "$log")" MiB "<=110"
	if has_python msgpack; then
		"$PYTHON" "$HERE/paths.py" ours sessions.ur 1 >ours.tsv
		against duckdb "$log"
		against polars "$log"
	fi
	sort -t, -k2,2n -k1,1n "$log" >sorted.csv
	row "rr-sessionize --sorted" "$(seconds "${one[@]}" rr-sessionize -q --sorted -o streamed.ur sorted.csv)" s "<=0.4"
	row "rr-sessionize --sorted" "$(mebibytes rr-sessionize -q --sorted -o streamed.ur sorted.csv)" MiB "<=16"
	rr-sessionize -q --history views -o views.ur "$log"
	row "ur-featurize, with properties" "$(seconds "${one[@]}" ur-featurize -q "${properties[@]}" -o batches.ur views.ur)" s "<=3"
	row "ur-featurize, with properties" "$(mebibytes ur-featurize -q "${properties[@]}" -o batches.ur views.ur)" MiB "<=400"
	prepare batches.ur 128 20 64 64 >prepare.tsv
	passes=$((10 * $(field users prepare.tsv) / 128))
	row "ur-pretrain, lstm, 10 passes ($passes iterations)" \
	    "$(seconds "${one[@]}" ur-pretrain -q --iterations "$passes" --patience 0 --batch 128 -o trained.ur batches.ur)" s "<=60"
	row "the whole pipeline" "$(seconds bash -c 'rr-sessionize -q --history views "$1" | ur-featurize -q "${@:2}" -o b.ur &&
	    ur-pretrain -q --threads 2 -o m.ur b.ur && ur-eval -q -m m.ur b.ur' _ "$log" "${properties[@]}")" s "<=120"
fi
