# One-hots of 200,000 items: a step that touches only the rows of its batch, against SparseAdam.
large_rival()   # name, our rate, wanted, options of the rival ...
{
	"$PYTHON" "$HERE/rival.py" "$large" trained.ur --batch 128 --no-click "${@:4}" >rival.tsv || return
	row "200,000 items, lstm" "$2" it/s "torch $1, $(field threads rival.tsv)t" "$(field rate rival.tsv)" "$3"
}

if large=$(made_up 200000 0); then
	train=(ur-pretrain -q --preset chen2019 --lr 1e-3 --batch 128 -o trained.ur "$large")
	exact=$(rate 100 "${train[@]}") && row "200,000 items, lstm, exact Adam" "$exact" it/s
	lazy=$(rate 2000 "${train[@]}" --lazy-adam) && row "200,000 items, lstm, lazy Adam" "$lazy" it/s "exact Adam" "$exact"
	if has_python torch; then
		"${train[@]}" --iterations 2 --eval-every 2
		[ -n "$lazy" ] && large_rival SparseAdam "$lazy" '>=5x' --sparse --iterations 200
		[ -n "$exact" ] && large_rival Adam "$exact" '' --iterations 20
	else
		skip "200,000 items against PyTorch" "no torch in $PYTHON"
	fi
fi
