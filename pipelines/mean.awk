# mean.awk TABLE... - sum up tables of ur-eval, one per seed: a line for each metric with its mean, standard
# deviation (n - 1) and the 95 % interval of the mean by Student's t.  Where a value of some table is
# undefined or infinite, so is its line.  Tables with other rows than the first are an error.

function fail(message)
{
	printf "%s%s: %s\n", prefix, FILENAME, message >"/dev/stderr"
	failed = 1
	exit 1
}

# 95 % of Student's t with k degrees of freedom lie within this of 0.
function student(k)
{
	return k <= 30 ? t[k] : 1.96 + 2.42 / k
}

function complete()
{
	for (i = 1; i <= metrics; i++)
		if (!((name[i], tables) in value))
			fail("no row " name[i] ", which the first table has")
}

function line(metric,    s, x, sum, square, mean, sd, half)
{
	for (s = 1; s <= tables; s++) {
		x = value[metric, s]
		if (x !~ /^[-+]?[0-9.]/)
			return metric "\tnan\tnan\tnan\tnan"
		sum += x
	}
	mean = sum / tables
	if (tables == 1)
		return sprintf("%s\t%.9g\tnan\tnan\tnan", metric, mean)
	for (s = 1; s <= tables; s++)
		square += (value[metric, s] - mean) ^ 2
	sd = sqrt(square / (tables - 1))
	half = student(tables - 1) * sd / sqrt(tables)
	return sprintf("%s\t%.9g\t%.9g\t%.9g\t%.9g", metric, mean, sd, mean - half, mean + half)
}

BEGIN {
	FS = "\t"
	split("12.7062 4.30265 3.18245 2.77645 2.57058 2.44691 2.36462 2.306 2.26216 2.22814 2.20099 2.17881 " \
	    "2.16037 2.14479 2.13145 2.11991 2.10982 2.10092 2.09302 2.08596 2.07961 2.07387 2.06866 2.0639 " \
	    "2.05954 2.05553 2.05183 2.04841 2.04523 2.04227", t, " ")
}

FNR == 1 {
	if (tables > 0)
		complete()
	tables++
	if ($1 != "metric" || $2 != "value")
		fail("expected a table of ur-eval, which starts with metric and value")
	next
}

{
	if (($1, tables) in value)
		fail("two rows " $1)
	if (tables == 1)
		name[++metrics] = $1
	else if (!(($1, 1) in value))
		fail("a row " $1 ", which the first table has not")
	value[$1, tables] = $2
}

END {
	if (failed)
		exit 1
	complete()
	print "metric\tmean\tsd\tlow\thigh"
	for (m = 1; m <= metrics; m++)
		print line(name[m])
}
