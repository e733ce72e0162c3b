# ur-eval: sets a second.  Yelp's own test set is scored in no time, so its steps are repeated under other users.
if [ -r "$DATA/ganrl-chen2019/yelp.txt" ] && batches=$(yelp); then
	awk -F'\t' -v OFS='\t' 'NR == 1 { print; next } { row[NR] = $0 }
	END { for (k = 0; k < 300; k++) for (r = 2; r <= NR; r++) {
		split(row[r], f)
		print f[1], f[2] + k * 2000, f[3], f[4], f[5], f[6] + k * 2000, f[7], 2 } }' \
	    "$DATA/ganrl-chen2019/yelp.txt" | rr-sessionize --format chen2019 | ur-featurize --spec "$batches" -o many.ur
	ur-pretrain -q --preset chen2019 --iterations 50 -o start.ur "$batches"
	steps=$(ur-eval -q -m start.ur --bootstrap 0 many.ur | awk -F'\t' '$1 == "steps" { print $2 }')
	few=$(seconds ur-eval -q -m start.ur --bootstrap 0 "$batches")
	row "Yelp's sets, repeated" "$(calc "$steps / ($(seconds ur-eval -q -m start.ur --bootstrap 0 many.ur) - $few)")" sets/s \
	    ">=1500000"
else
	skip Yelp "no Yelp data in $DATA"
fi
