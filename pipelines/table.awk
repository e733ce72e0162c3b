# table.awk - the grid with what became of its runs on the validation steps.
#
# Input: the plan as "-", then the grid; dir is set.  A run that is not there has status 1.

BEGIN {
	FS = "\t"
	metrics = split("nll nll_pick prec@1 prec@2 mrr ndcg ece", metric, " ")
}

function figures(run,    status, line, part, value, i, text)
{
	if ((getline status <(dir "/" run "/status")) <= 0)
		status = 1
	close(dir "/" run "/status")
	while ((getline line <(dir "/" run "/validation.tsv")) > 0) {
		split(line, part, "\t")
		value[part[1]] = part[2]
	}
	close(dir "/" run "/validation.tsv")
	for (i = 1; i <= metrics; i++)
		text = text "\t" (metric[i] in value ? value[metric[i]] : "nan")
	return status text
}

NR == FNR { run[FNR + 1] = $1; next }
FNR > 1 { print $0 "\t" figures(run[FNR]); next }
{
	printf "%s\tstatus", $0
	for (i = 1; i <= metrics; i++) printf "\t%s", metric[i]
	print ""
}
