# mean.awk TABLE... - sum up tables of ur-eval, one per seed: a line for each metric with its mean, standard
# deviation (n - 1) and the 95 % interval of the mean by Student's t.  Where a value of some table is
# undefined or infinite, so is its line.  Tables with other rows than the first are an error.  Needs student.awk.

function fail(message)
{
	printf "%s%s: %s\n", prefix, FILENAME, message >"/dev/stderr"
	failed = 1
	exit 1
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
