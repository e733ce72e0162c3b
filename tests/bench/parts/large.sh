# One-hots of 200,000 items: a step that touches only the rows of its batch, against SparseAdam.
if batches=$(made_up 200000 0); then
	train=(ur-pretrain -q --preset chen2019 --lr 1e-3 --batch 128 -o trained.ur "$batches")
	lazy=$(rate 2000 "${train[@]}" --lazy-adam)
	exact=$(rate 100 "${train[@]}")
	row "200,000 items, lstm, lazy" "$lazy" it/s "exact Adam" "$exact"
	if has_python torch; then
		"${train[@]}" --iterations 2 --eval-every 2
		"$PYTHON" "$HERE/rival.py" "$batches" trained.ur --sparse --batch 128 --iterations 200 --no-click >rival.tsv &&
		    row "200,000 items, lstm, lazy" "$lazy" it/s "torch SparseAdam, $(field threads rival.tsv)t" \
		    "$(field rate rival.tsv)" '>=5x'
		"$PYTHON" "$HERE/rival.py" "$batches" trained.ur --batch 128 --iterations 20 --no-click >rival.tsv &&
		    row "200,000 items, lstm, exact" "$exact" it/s "torch Adam, $(field threads rival.tsv)t" "$(field rate rival.tsv)"
	else
		skip "200,000 items against PyTorch" "no torch in $PYTHON"
	fi
fi
