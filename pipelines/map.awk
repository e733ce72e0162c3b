# map.awk - a sweep.tsv as a map over two of its columns, x and y.
#
# A cell is the mean over the seeds of the best of the runs that share x and y and differ in other columns; runs
# are taken together that differ in the seed alone, and left out where one of them diverged or failed.
# Writes scratch/cells (column, row, value, label, colour of the label), scratch/best, scratch/x, scratch/y and
# scratch/sense; or, with text set, prints the map as a table, the best cell marked by a star.

function refuse(message)
{
	print prog ": " file ": " message > "/dev/stderr"
	exit failed = 1
}

# The place of a value on its axis: in order of appearance, which is the grid's.
function place(axis, value)
{
	if (!((axis, value) in placed)) {
		placed[axis, value] = ++size[axis]
		label[axis, size[axis]] = value
	}
	return placed[axis, value]
}

function better(a, b)
{
	return lower ? a < b : a > b
}

BEGIN {
	FS = "\t"
	lower = metric ~ /^(nll|ece|fy|max_reward)/
}

NR == 1 {
	for (i = NF; i > 0; i--) {
		if ($i in at) refuse("line 1: two columns " $i)
		at[$i] = i
	}
	if (!("status" in at)) refuse("line 1: no column status, expected the sweep.tsv of ur-sweep")
	if (!(metric in at) || at[metric] < at["status"]) refuse("line 1: no figure " metric)
	if (!(x in at) || at[x] > at["status"] || !(y in at) || at[y] > at["status"] || x == y)
		refuse("line 1: " x " and " y " are not two options of its runs")
	width = NF
	next
}

NF != width {
	refuse("line " NR ": " NF " values, the header has " width)
}

{
	group = ""
	for (i = 1; i < at["status"]; i++)
		if (i != at["seed"]) group = group SUBSEP $i
	cell_of[group] = place("x", $at[x]) SUBSEP place("y", $at[y])
	if ($at["status"] != 0 || $at[metric] !~ /^[-+]?[0-9.]/) bad[group] = 1
	sum[group] += $at[metric]
	runs[group]++
}

END {
	if (failed) exit 1
	for (group in cell_of) {
		cell = cell_of[group]
		mean = sum[group] / runs[group]
		if (!bad[group] && (!(cell in value) || better(mean, value[cell]))) value[cell] = mean
	}
	for (cell in value) {
		if (best == "" || better(value[cell], value[best])) best = cell
		if (worst == "" || better(value[worst], value[cell])) worst = cell
	}
	if (best == "") refuse("no run has a figure " metric)
	if (text) print_map()
	else write_map()
}

function shown(cell)
{
	return cell in value ? sprintf("%.4f", value[cell]) : "none"
}

function print_map(    i, j, line)
{
	printf "%s of %s (across) and %s (down), * best\n\n%-12s", metric, x, y, ""
	for (i = 1; i <= size["x"]; i++) printf " %12s", label["x", i]
	print ""
	for (j = size["y"]; j > 0; j--) {
		line = sprintf("%-12s", label["y", j])
		for (i = 1; i <= size["x"]; i++)
			line = line sprintf(" %12s", (i SUBSEP j == best ? "*" : "") shown(i SUBSEP j))
		print line
	}
}

# Labels are white on the dark half of the palette, the worse one, and black on the light half.
function write_map(    i, j, cell, span)
{
	span = value[best] - value[worst]
	for (i = 1; i <= size["x"]; i++) {
		print label["x", i] > (scratch "/x")
		for (j = 1; j <= size["y"]; j++) {
			cell = i SUBSEP j
			if (cell in value)
				printf "%d\t%d\t%.9g\t%s\t%d\n", i, j, value[cell], shown(cell),
				    ((value[cell] - value[worst]) / (span == 0 ? 1 : span) > .55 ? 0 : 16777215) > (scratch "/cells")
			else
				printf "%d\t%d\tnan\tnone\t%d\n", i, j, 6710886 > (scratch "/cells")
		}
	}
	for (j = 1; j <= size["y"]; j++) print label["y", j] > (scratch "/y")
	split(best, i_j, SUBSEP)
	print i_j[1] "\t" i_j[2] > (scratch "/best")
	print lower ? "negative" : "positive" > (scratch "/sense")
}
