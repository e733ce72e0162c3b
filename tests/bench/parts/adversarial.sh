# Adversarial training on Yelp: the preset moves the policy alone, --min-steps 1 the reward too.
against()       # variant, iterations, wanted
{
	"$PYTHON" "$HERE/rival.py" "$yelp" trained.ur --adversarial --variant "$1" --batch 100 --iterations "$2" \
	    --min-steps "$steps" >rival.tsv || return
	same_nll "Yelp, policy" trained.ur "$yelp" --by policy
	row "Yelp, min-steps $steps" "$ours" it/s "torch $1, $(field threads rival.tsv)t" "$(field rate rival.tsv)" "${3:-}"
}

if yelp=$(yelp); then
	ur-pretrain -q --preset chen2019 --no-click none --iterations 200 -o start.ur "$yelp"
	train=(ur-advtrain -q --preset chen2019 -m start.ur -o trained.ur "$yelp")
	row "Yelp, preset, 5000 iterations" "$(seconds "${train[@]}")" s "<=2.5"
	row "Yelp, preset, min-steps 1, 5000 iterations" "$(seconds "${train[@]}" --min-steps 1)" s "<=3.5"
	for steps in 0 1; do
		ours=$(rate 2000 "${train[@]}" --min-steps $steps) || break
		has_python torch || { skip "against PyTorch" "no torch in $PYTHON"; break; }
		"${train[@]}" --iterations 1 --eval-every 1
		against careful 150 "$([ $steps = 0 ] && echo '>=25x')"
		against plain 10
	done
else
	skip Yelp "no Yelp data in $DATA"
fi
