# ur-eval: the table against figures worked out again from --per-item, roles, pairs, and what is refused.
. "$T/lib.sh"

# 60 users with 1 to 4 sets of 1 to 6 of 40 items; every third user is for test, every third for validation.
awk 'BEGIN {
	OFS = "\t"
	srand(1)
	print "SessionId", "Time", "ItemId", "is_click", "raw_index", "session_new_index", "item_new_index", "tr_val_tst"
	for (u = 0; u < 60; u++)
		for (s = 0; s <= u % 4; s++) {
			n = 1 + (int(u / 3) + s) % 6
			click = (u + s) % n
			if (u % 10 == 9 && s == 1) click = -1
			for (k = 0; k < n; k++)
				print "s" u, t + 0, "i" k, (k == click) + 0, r++ + 0, u, (u * 11 + s * 5 + k * (1 + u % 3)) % 40, u % 3
			t++
		}
}' >log.tsv
rr-sessionize -q --format chen2019 -o sessions.ur log.tsv
ur-featurize -q --min-count 1 -o batches.ur sessions.ur
ur-pretrain -q --no-click none --iterations 30 --eval-every 10 -o model.ur batches.ur
ur-pretrain -q --no-click zero --iterations 30 --eval-every 10 --seed 7 -o click.ur batches.ur
[ -s model.ur ] && [ -s click.ur ]
ok "batches and models"
[ $bad = 0 ] || done_testing

# Figures from the items of each step, the table from ur-eval: metric, one, the other, for awk to compare.
from_items()    # no-click weight
{
	awk -F'\t' -v none="$1" '
	function finish(    k, rank, sum) {
		if (n == 0) return
		for (k = 0; k < n; k++) sum += exp(u[k])
		steps++
		if (pick < 0) { if (none) nll += log(sum + none); return }
		picks++
		for (k = 0; k < n; k++) rank += k != pick && u[k] >= u[pick]
		nll += log(sum + none) - u[pick]; nll_pick += log(sum) - u[pick]; uniform += log(n)
		hit1 += rank < 1; hit2 += rank < 2; mrr += 1 / (1 + rank); ndcg += log(2) / log(rank + 2)
		chance1 += 1 / n; chance2 += n < 2 ? 1 : 2 / n
	}
	FNR == 1 { next }
	$1 "," $2 != key { finish(); key = $1 "," $2; n = 0; pick = -1 }
	{ if ($6) pick = n; u[n++] = $4; if (($4 < 0 ? -$4 : $4) > most) most = $4 < 0 ? -$4 : $4 }
	END {
		finish()
		print "steps", steps; print "picks", picks; print "max_reward", most
		print "nll", nll / (none ? steps : picks); print "nll_pick", nll_pick / picks; print "nll_uniform", uniform / picks
		print "prec@1", hit1 / picks; print "prec@2", hit2 / picks; print "mrr", mrr / picks; print "ndcg", ndcg / picks
		print "chance@1", chance1 / picks; print "chance@2", chance2 / picks
	}' OFS='\t'
}
agree() # tables: every metric of the first is in the second, and within 1e-5
{
	awk -F'\t' 'NR == FNR { want[$1] = $2; n++; next }
	    $1 in want { d = $2 - want[$1]; if (d * d > 1e-10) { print "# " $1 ": " $2 ", not " want[$1]; bad = 1 } n-- }
	    END { exit bad || n != 0 }' "$1" "$2"
}
for role in test validation train; do
	ur-eval -m model.ur --role $role -b 0 batches.ur >table
	ur-eval -m model.ur --role $role --per-item batches.ur | from_items 0 >again
	agree again table
	ok "the table of $role steps is that of their items"
done
ur-eval -m click.ur -b 0 batches.ur >table
ur-eval -m click.ur --per-item batches.ur | from_items 1 >again
agree again table && [ "$(awk '$1 == "steps" || $1 == "picks" { print $2 }' table | uniq | wc -l)" = 2 ]
ok "with a no-click, steps without a pick count in nll"
ur-eval -m click.ur --per-item batches.ur | awk 'NR > 1 { p[$1 "," $2] += $5; if ($6) { pick[$1 "," $2] = $5 } }
    END { for (s in p) print s, s in pick ? pick[s] : 1 - p[s] }' | sort >items
ur-eval -m click.ur --per-step batches.ur | awk 'NR > 1 { print $1 "," $2, $5 }' | sort >steps
paste -d' ' items steps | awk '$1 != $3 || ($2 - $4) ^ 2 > 1e-12 { bad = 1 } END { exit bad || NR < 10 }'
ok "probabilities per step are those of its pick, or of no click"
ur-eval -m model.ur --per-step batches.ur | awk -F'\t' 'NR == 1 { next } { n++; nan += $4 == "nan" && $5 == "nan"; if ($4 != "nan") { p++; h += $4 < 1 } }
    END { print "steps\t" n; print "picks\t" p; print "prec@1\t" h / p; exit nan != n - p || nan == 0 }' >again
ok "without a no-click, a step without a pick has neither rank nor probability"
ur-eval -m model.ur -b 0 batches.ur >table
agree again table
ok "the ranks per step are those of the table"

metrics='users steps picks singletons mean_set max_reward nll nll_pick nll_uniform prec@1 prec@2 mrr ndcg prec@1_avg prec@2_avg
chance@1 chance@2 popularity@1 popularity@2 rank@1 rank@2 prec@1_multi prec@2_multi chance@1_multi chance@2_multi
popularity@1_multi popularity@2_multi ece'
[ "$(cut -f1 table | paste -sd' ')" = "metric $(echo $metrics)" ] && ! awk -F'\t' 'NR > 1 && ($3 $4 != "" || NF != 4)' table | grep -q .
ok "rows in their order, bounds empty with --bootstrap 0"
ur-eval -m model.ur batches.ur >bounds
awk -F'\t' 'NR > 1 && !($3 <= $2 && $2 <= $4) { print "# " $0; bad = 1 } $1 == "nll" && !($3 < $2 && $2 < $4) { bad = 1 } END { exit bad }' bounds
ok "the bounds enclose the value"
[ "$(cut -f1,2 bounds)" = "$(cut -f1,2 table)" ]
ok "the values do not depend on the bootstrap"
ur-eval -m model.ur --seed 1 batches.ur | cmp - bounds && ! ur-eval -m model.ur --seed 2 batches.ur | cmp -s - bounds
ok "a seed is a seed, and the default one constant"
ur-eval -m model.ur --json batches.ur | jq -r 'to_entries[] | [.key, .value.value, .value.low, .value.high] | map(tostring) | @tsv' >json
tail -n +2 bounds >want
awk -F'\t' 'NR == FNR { for (i = 2; i <= 4; i++) v[$1, i] = $i; n++; next } { n--; for (i = 2; i <= 4; i++) if ((v[$1, i] - $i) ^ 2 > 1e-12) bad = 1 } END { exit bad || n }' want json
ok "--json says the same"
[ "$(ur-eval -m model.ur --json -b 0 batches.ur | jq -c .nll.low)" = null ]
ok "--json without bounds"
cat batches.ur | ur-eval -m model.ur | cmp - bounds && ur-eval -m - batches.ur <model.ur | cmp - bounds
ok "a pipe gives what a file gives"
ur-eval -m model.ur -o table.out batches.ur && cmp table.out bounds
ok "-o"

ur-eval -m model.ur -m model.ur batches.ur >pair
head -n "$(wc -l <bounds)" pair | cmp - bounds && [ "$(grep -c '_diff	0	0	0$' pair)" = 12 ]
ok "a model differs from itself by nothing, and its own table comes first"
ur-eval -m model.ur -m click.ur -b 50 batches.ur >pair
ur-eval -m click.ur -b 50 batches.ur | awk -F'\t' 'NR == FNR { v[$1] = $2; next } $1 ~ /_diff$/ { m = $1; sub(/_diff$/, "", m)
    n++; if ((own[m] + $2 - v[m]) ^ 2 > 1e-12) bad = 1 } { own[$1] = $2 } END { exit bad || n != 12 }' - pair
ok "differences are those of the second model minus the first"
ur-eval -m model.ur -m click.ur -b 0 --json batches.ur | jq -e '.nll_diff.value < 0 or .nll_diff.value > 0' >/dev/null
ok "differences in JSON"

# What a step's pick is must not reach the scores of that step, nor of those before it.
awk -F'\t' -v OFS='\t' '$6 == 11 && NR > 1 { if (!($2 in first)) { first[$2] = 1; order[++sets] = $2 } if (sets == 2) $4 = 1 - $4 } 1' log.tsv >moved.tsv
awk -F'\t' -v OFS='\t' '$6 == 11 { n[$2]++; c[$2] += $4 } END { for (t in n) if (c[t] > 1) bad = 1; exit bad }' moved.tsv ||
    awk -F'\t' -v OFS='\t' '$6 == 11 && $4 == 1 { if (seen[$2]++) $4 = 0 } 1' moved.tsv >m && mv m moved.tsv
rr-sessionize -q --format chen2019 -o moved.s moved.tsv && ur-featurize -q --spec batches.ur -o moved.ur moved.s
ur-eval -m model.ur --per-item batches.ur | awk '$1 == 11' >before
ur-eval -m model.ur --per-item moved.ur | awk '$1 == 11' >after
awk 'NR == FNR { u[FNR] = $4; k[FNR] = $6; if (!($2 in t)) { t[$2] = ++sets } next }
    t[$2] <= 2 && u[FNR] != $4 { bad = 1 }
    t[$2] == 2 && k[FNR] != $6 { moved = 1 }
    t[$2] > 2 && u[FNR] != $4 { later = 1 }
    END { exit !moved || !later || bad }' before after
ok "another pick changes later scores, never its own step's"

head -c 200 /dev/urandom >noise
ur-featurize -q --min-count 1 --features id,repeat,popularity -o other.ur sessions.ur
ur-featurize -q --min-count 3 -o fewer.ur sessions.ur
awk -F'\t' 'NR == 1 || $8 == 0' log.tsv >train.tsv
rr-sessionize -q --format chen2019 train.tsv | ur-featurize -q --spec batches.ur -o train.ur
ur-eval -m model.ur train.ur >none 2>note
[ "$(cat note)" = "ur-eval: no test steps in the batches" ] && grep -q '^users	0	nan	nan$' none && grep -q '^nll	nan	nan	nan$' none
ok "no steps of the role: a note, and a table of nothing"
ur-eval -q -m model.ur --json train.ur 2>&1 | jq -e '.nll.value == null' >/dev/null
ok "undefined is null in JSON, and -q keeps quiet"
refuses 1 '^ur-eval: noise: ' ur-eval -m model.ur noise
ok "noise for batches"
refuses 1 '^ur-eval: noise: ' ur-eval -m noise batches.ur
ok "noise for a model"
refuses 1 '^ur-eval: model.ur: .*ur-model.*ur-batches|^ur-eval: model.ur: .*ur-batches.*ur-model' ur-eval -m model.ur model.ur
ok "a model for batches"
refuses 1 '^ur-eval: batches.ur: ' ur-eval -m batches.ur batches.ur
ok "batches for a model"
refuses 1 '^ur-eval: model.ur: feature 3 is popularity' ur-eval -m model.ur other.ur
ok "a model for other features"
refuses 1 '^ur-eval: model.ur: .*vocabulary' ur-eval -m model.ur fewer.ur
ok "a model for other items"
refuses 1 '^ur-eval: model.ur: .*policy' ur-eval --by policy -m model.ur batches.ur
ok "a policy where there is none"
refuses 1 '^ur-eval: nothere: ' ur-eval -m model.ur nothere
ok "no batches"
refuses 1 '^ur-eval: nothere: ' ur-eval -m nothere batches.ur
ok "no model"
head -c $(($(wc -c <model.ur) - 1)) model.ur >cut.ur
refuses 1 '^ur-eval: cut.ur: ' ur-eval -m cut.ur batches.ur
ok "a model cut short"
head -c $(($(wc -c <batches.ur) - 1)) batches.ur >cut.ur
refuses 1 '^ur-eval: cut.ur: ' ur-eval -m model.ur cut.ur
ok "batches cut short"
# a logit on the feature repeat with two weights of 3e38, which add up to no float
base64 -d >over.ur <<-'X'
	11VVUlMxDQoaCpMAxgAAASCJpmZvcm1hdKh1ci1tb2RlbKVtYWpvcgGlbWlub3IAp2hpc3RvcnmQpHNwZWOJqGZlYXR1cmVzkaZyZXBlYXSpbW
	luX2NvdW50Aa50cmFpbmluZ19zdGVwcwGqdm9jYWJ1bGFyeYCkbWVhboCpZGV2aWF0aW9ugKVpdGVtc8QApXNob3duxACmcGlja2VkxACkYXJj
	aIulc3RhdGWkbm9uZaZoaWRkZW4CpnB3LWRpbQKncHctYmFuZAOkZGltc6EwqWJhdGNobm9ybcKkbG9zc6NubGyobm8tY2xpY2ukbm9uZatyZW
	d1bGFyaXplcqJsMqNldGHLP/AAAAAAAACmcG9saWN5wqh0cmFpbmluZ4CnbWV0cmljc4CkYmxhc6DPsqVwDnvWXKKTBMYAAAA3haRuYW1lp21s
	cC4wLnelZHR5cGWjZjMypXNoYXBlkgIBpWZpcnN0AKRkYXRhxAjmsWF/5rFhf8+EKuEJGSFJ3ZMExgAAADKFpG5hbWWnbWxwLjAuYqVkdHlwZa
	NmMzKlc2hhcGWRAaVmaXJzdACkZGF0YcQEAAAAAM+oNr8dhxALG5N/xgAAACCDpmZyYW1lcwOkaGFzaM9TfP0SH5BMfKdyZWNvcmRzAs+TF6Db
	oNCpfw==
	X
printf '%s\n' user,time,item,clicked,role 1,1,7,1,train 1,1,8,0,train 1,2,7,1,test 1,2,8,0,test | rr-sessionize --format impressions |
    ur-featurize --features repeat -o twice.ur
for words in '' --json --per-step --per-item; do
	refuses 1 '^ur-eval: over.ur: user 1: the score of item 7 is not finite' ur-eval -m over.ur $words -o over twice.ur && [ ! -e over ]
	ok "a model whose scores are not finite, $words"
done
ur-eval -m model.ur batches.ur 2>full.err >/dev/full
[ $? = 1 ] && [ "$(wc -l <full.err)" = 1 ]
ok "a full device"
refuses 1 '^ur-eval: nofolder/table' ur-eval -m model.ur -o nofolder/table batches.ur
ok "an output that cannot be"
refuses 2 'required' ur-eval batches.ur
ok "no -m"
for words in '-m model.ur -m model.ur' '--role context' '--by chance' '-b -1' '-b 100001' '-b x' '--seed -1' '--json --per-step' \
    '--per-step --per-item' '--per-step -m click.ur' '--nonsense' '-o batches.ur' '-o model.ur' 'second.ur'; do
	refuses 2 '^ur-eval: ' ur-eval -m model.ur $words batches.ur
	ok "status 2: ur-eval -m model.ur $words batches.ur"
done
refuses 2 '^ur-eval: .*standard input' ur-eval -m -
ok "standard input for both"
done_testing
