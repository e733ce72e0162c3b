# plan.awk - a grid as the runs of a sweep: name TAB options, a line per row.
#
# Input: ur-pretrain --help as "-", then the grid; prog, grid and hash are set.  A run's name holds each column
# that is not left out, in alphabetical order, and the hash of the batches.

function refuse(text, status)
{
	print prog ": " grid ": " text > "/dev/stderr"
	exit bad = status ? status : 2
}

function read_option(line,    word)        # "  -x, --name ARG  help": a flag has no ARG
{
	match(line, /--[a-z0-9@-]+/)
	word = substr(line, RSTART + 2, RLENGTH - 2)
	takes[word] = substr(line, RSTART + RLENGTH, 2) ~ /^ [^ ]/ ? "value" : "nothing"
}

function read_header(    i, j, swap)
{
	for (i = 1; i <= NF; i++) {
		if (!($i in takes))
			refuse("line 1: " $i " is no option of ur-pretrain")
		if ($i ~ /^(output|log|checkpoint|resume|init|quiet|verbose|version|help)$/)
			refuse("line 1: " $i " is set by the sweep or names a file, expected another option")
		if ($i in column)
			refuse("line 1: " $i " is there twice")
		column[$i] = i
		order[i] = $i
	}
	columns = NF
	for (i = 2; i <= columns; i++)
		for (j = i; j > 1 && order[j] < order[j - 1]; j--) {
			swap = order[j]; order[j] = order[j - 1]; order[j - 1] = swap
		}
}

function option(key, value)
{
	if (takes[key] == "value")
		return " --" key "=" value
	if (value != "yes")
		refuse("line " FNR ": " key ": \"" value "\" is neither yes nor - (leave it out)")
	return " --" key
}

function read_row(    i, value, run, options)
{
	if (NF != columns)
		refuse("line " FNR ": " NF " values, the header has " columns, 1)
	for (i = 1; i <= columns; i++) {
		value = $column[order[i]]
		if (value !~ /^[A-Za-z0-9._+:@-]+$/)
			refuse("line " FNR ": " order[i] ": \"" value "\" is no value, expected letters, digits and . _ + : @ -")
		if (value == "-")
			continue
		run = run order[i] "=" value ","
		options = options option(order[i], value)
	}
	if (length(run) > 200)
		refuse("line " FNR ": the run would be named by " length(run) " letters, expected 200 at most")
	if (run in row)
		refuse("line " FNR ": the same run as line " row[run])
	row[run] = FNR
	print run "batches=" hash "\t" substr(options, 2)
}

BEGIN { FS = "\t" }
NR == FNR { if (/^  .?.?.? *--/) read_option($0); next }
FNR == 1 { read_header(); next }
{ read_row() }
END {
	if (!bad && !columns)
		refuse("is empty, expected a header with options of ur-pretrain", 1)
	exit bad
}
