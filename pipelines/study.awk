# study.awk - lines "setting, split, role, metric, value", or a setting alone: a row for each setting with the mean over the splits of
# its figures, best first by validation nll, and how far its test nll is from the first setting's, paired by split,
# with the 95 % interval of that mean by Student's t.  What is undefined, infinite (sparsemax gives a pick probability
# 0) or missing (a training diverged) on some split is nan, and such a setting comes last.  Needs student.awk.

BEGIN { FS = OFS = "\t" }

!($1 in known) {
	known[$1] = 1
	setting[++n] = $1
}
{
	if ($5 !~ /^[-+]?[0-9.]/)
		next
	value[$1, $2, $3, $4] = $5
	sum[$1, $3, $4] += $5
	count[$1, $3, $4]++
}

function mean(s, role, metric) { return count[s, role, metric] == splits ? sprintf("%.4f", sum[s, role, metric] / splits) : "nan" }

function difference(s,    i, d, total, square, m, half)
{
	if (count[s, "test", "nll"] != splits || count[setting[1], "test", "nll"] != splits)
		return "nan\tnan\tnan"
	for (i = 1; i <= splits; i++)
		total += d[i] = value[s, i, "test", "nll"] - value[setting[1], i, "test", "nll"]
	m = total / splits
	for (i = 1; i <= splits; i++)
		square += (d[i] - m) ^ 2
	half = student(splits - 1) * sqrt(square / (splits - 1) / splits)
	return sprintf("%+.4f\t%+.4f\t%+.4f", m, m - half, m + half)
}

END {
	if (n == 0)
		exit 1
	print "setting\tvalidation_nll\tnll\tprec@1\tprec@1_avg\tprec@2_avg\tnll_uniform\tagainst_first\tlow\thigh"
	fflush()
	for (i = 1; i <= n; i++) {
		s = setting[i]
		name = s
		sub(/,$/, "", name)
		nll = mean(s, "validation", "nll")
		print nll == "nan", name, nll, mean(s, "test", "nll"), mean(s, "test", "prec@1"), mean(s, "test", "prec@1_avg"),
		    mean(s, "test", "prec@2_avg"), mean(s, "test", "nll_uniform"), difference(s) | "sort -t '	' -k 1,1n -k 3,3n | cut -f 2-"
	}
}
