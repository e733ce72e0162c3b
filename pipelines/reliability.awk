# reliability.awk - what ur-eval --per-item prints, in 15 equal bins of probability.
#
# Prints a line per bin that holds items: mean probability, share picked, Wilson's 95 % interval of that
# share, items.  Steps without a pick (no item of the user's at that time is picked) are left out.

function flush(    i)
{
	for (i = 1; picks && i <= items; i++) {
		bin = int(15 * p[i])
		if (bin > 14) bin = 14
		n[bin]++
		sum[bin] += p[i]
		picked[bin] += hit[i]
	}
	items = picks = 0
}

function refuse(message)
{
	print prog ": " file ": " message > "/dev/stderr"
	exit failed = 1
}

BEGIN { FS = "\t" }

NR == 1 {
	for (i = 1; i <= NF; i++) at[$i] = i
	if (!("user" in at && "time" in at && "probability" in at && "picked" in at))
		refuse("line 1: expected the table of ur-eval --per-item")
	width = NF
	next
}

NF != width {
	refuse("line " NR ": " NF " values, the header has " width)
}

{
	step = $at["user"] SUBSEP $at["time"]
	if (step != last) flush()
	last = step
	p[++items] = $at["probability"]
	picks += hit[items] = $at["picked"]
}

END {
	if (failed) exit 1
	flush()
	z2 = 1.959964 ^ 2
	for (bin = 0; bin < 15; bin++) {
		if (!n[bin]) continue
		share = picked[bin] / n[bin]
		middle = (share + z2 / (2 * n[bin])) / (1 + z2 / n[bin])
		half = sqrt(z2 * (share * (1 - share) + z2 / (4 * n[bin])) / n[bin]) / (1 + z2 / n[bin])
		printf "%.9g\t%.9g\t%.9g\t%.9g\t%d\n", sum[bin] / n[bin], share, middle - half, middle + half, n[bin]
		any = 1
	}
	if (!any) refuse("no step with a pick")
}
