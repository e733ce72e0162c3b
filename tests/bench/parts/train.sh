# Training, one core, against PyTorch on the same batches; LSTM and PW; one-hot (Yelp) and dense items.

# Our rate, and a model from which both start: name, batch, state and ours are for the calls below.
train()         # name, batches, state, users in a batch, iterations
{
	local options=(--preset chen2019 --lr 1e-3 --batch "$4" --state "$3")
	name="$1, $3, batch $4" batches=$2 batch=$4
	ours=$(rate "$5" ur-pretrain -q "${options[@]}" -o trained.ur "$2") || return
	row "$name" "$ours" it/s
	ur-pretrain -q "${options[@]}" --iterations 20 --eval-every 20 -o start.ur "$2"
}

against()       # variant, iterations, wanted
{
	has_python torch || { skip "$name against $1" "no torch in $PYTHON"; return; }
	"$PYTHON" "$HERE/rival.py" "$batches" start.ur --variant "$1" --batch "$batch" --iterations "$2" --no-click >rival.tsv || return
	same_nll "$name" start.ur "$batches"
	row "$name" "$ours" it/s "torch $1, $(field threads rival.tsv)t" "$(field rate rival.tsv)" "${3:-}"
	row "$name: preparation, of $1's time" "$(calc "100 * $(field prepare rival.tsv)")" %
}

# Preparation's share of our time, and the arithmetic done against the peak of the core.
arithmetic()
{
	prepare "$batches" "$batch" 20 64 64 >prepare.tsv || return
	row "$name: preparation, of our time" "$(calc "100 * $(field seconds prepare.tsv) * $ours")" %
	[ "$(field dense prepare.tsv)" = 0 ] ||
	    row "$name: arithmetic" "$(calc "1e-9 * $(field flops prepare.tsv) * $ours")" GFLOP/s peak "$(kernels peak)" '>=55%'
}

if yelp=$(yelp); then
	row "Yelp, preset, 2000 iterations, 200 evaluations" \
	    "$(seconds ur-pretrain -q --preset chen2019 -o trained.ur "$yelp")" s "<=0.35"
	train Yelp "$yelp" lstm 128 4000 && arithmetic && against careful 400 '>=12x' && against plain 40 '>=80x'
	train Yelp "$yelp" pw 128 4000 && against careful 400 && against plain 8 '>=150x'
else
	skip Yelp "no Yelp data in $DATA"
fi
if dense=$(made_up 2000 64); then
	train dense "$dense" lstm 128 2000 && arithmetic && against careful 200 '>=9x' && against plain 40
	train dense "$dense" lstm 1024 400 && arithmetic && against careful 50 '>=6x'
	train dense "$dense" pw 128 2000 && against careful 200 && against plain 30 '>=20x'
fi
