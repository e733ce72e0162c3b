# rank.awk - settings of a sweep as a table, best first by the mean of `metric` on the validation steps.
#
# Input: lines "setting, validation or test, metric, mean, sd, low, high" and "setting, runs, number, diverged".
# Settings with a run that diverged come after the others.  The test steps are shown of the first alone.

function refuse(message)
{
	print prog ": " dir ": " message > "/dev/stderr"
	exit failed = 1
}

# Does a come before b?  A figure that is undefined comes last, equal ones go by name.
function before(a, b,    x, y)
{
	if (!diverged[a] != !diverged[b]) return !diverged[a]
	x = mean[a, "validation", metric]
	y = mean[b, "validation", metric]
	if ((x ~ /[0-9]/) != (y ~ /[0-9]/)) return x ~ /[0-9]/
	if (x + 0 != y + 0) return lower ? x + 0 < y + 0 : x + 0 > y + 0
	return a < b
}

function add_setting(text,    n, i, part, at)
{
	setting[++settings] = text
	n = split(text, part, ",")
	for (i = 1; i < n; i++) {       # the last is the hash of the batches
		at = index(part[i], "=")
		if (!(substr(part[i], 1, at - 1) in seen)) columns++
		seen[substr(part[i], 1, at - 1)] = 1
		option[text, substr(part[i], 1, at - 1)] = substr(part[i], at + 1)
	}
}

function figure(s, role, name, show,    key)
{
	key = s SUBSEP role SUBSEP name
	if (!show) return "\t-\t-\t-\t-"
	if (!(key in mean)) return "\tnan\tnan\tnan\tnan"
	return "\t" short(mean[key]) "\t" short(sd[key]) "\t" short(low[key]) "\t" short(high[key])
}

function short(x)
{
	return x ~ /[0-9]/ ? sprintf("%.6g", x) : "nan"
}

# Words of list, sorted, as array[1..n].
function sort_words(list, array, n,    word, i, j, swap)
{
	n = 0
	for (word in list) {
		array[++n] = word
		for (j = n; j > 1 && array[j] < array[j - 1]; j--) {
			swap = array[j]; array[j] = array[j - 1]; array[j - 1] = swap
		}
	}
}

BEGIN {
	FS = "\t"
	lower = metric ~ /^(nll|ece|fy|max_reward)/
	n = split("nll prec@1 prec@2", name, " ")
	for (i = 1; i <= n && name[i] != metric; i++) continue
	if (i > n) {
		for (i = ++n; i > 1; i--) name[i] = name[i - 1]
		name[1] = metric
	}
}

$2 == "runs" {
	add_setting($1)
	runs[$1] = $3
	diverged[$1] = $4
	next
}

{
	known[$3] = 1
	mean[$1, $2, $3] = $4
	sd[$1, $2, $3] = $5
	low[$1, $2, $3] = $6
	high[$1, $2, $3] = $7
}

END {
	if (!(metric in known)) refuse("no run has a figure " metric)
	sort_words(seen, column)
	for (i = 2; i <= settings; i++)
		for (j = i; j > 1 && before(setting[j], setting[j - 1]); j--) {
			swap = setting[j]; setting[j] = setting[j - 1]; setting[j - 1] = swap
		}
	for (i = 1; i <= columns; i++) printf "%s\t", column[i]
	printf "runs\tdiverged"
	for (i = 1; i <= n; i++) printf "\t%s\t%s_sd\t%s_low\t%s_high", name[i], name[i], name[i], name[i]
	for (i = 1; i <= n; i++) printf "\ttest_%s\ttest_%s_sd\ttest_%s_low\ttest_%s_high", name[i], name[i], name[i], name[i]
	print ""
	for (k = 1; k <= settings; k++) {
		s = setting[k]
		for (i = 1; i <= columns; i++) printf "%s\t", (s, column[i]) in option ? option[s, column[i]] : "-"
		printf "%d\t%d", runs[s], diverged[s]
		for (i = 1; i <= n; i++) printf "%s", figure(s, "validation", name[i], 1)
		for (i = 1; i <= n; i++) printf "%s", figure(s, "test", name[i], k == 1)
		print ""
	}
}
