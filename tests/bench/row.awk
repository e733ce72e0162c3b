# A line of the table; see row() in run.sh.
function short(x) { return x == "" ? "" : sprintf(x >= 1000 ? "%.0f" : "%.4g", x) }

BEGIN {
	ratio = ""
	if (rival != "" && rival > 0 && value > 0)
		ratio = unit ~ /\/s$/ ? value / rival : rival / value
	if (wanted != "") {
		limit = substr(wanted, 3) + 0
		held = wanted ~ /x$/ ? ratio : wanted ~ /%$/ ? (rival > 0 ? 100 * value / rival : "") : value
		if (held == "")
			verdict = "unknown"
		else
			verdict = (wanted ~ /^>=/ ? held + 0 >= limit : held + 0 <= limit) ? "met" : "short"
	}
	print part, case, short(value), unit, name, short(rival), short(ratio), wanted, verdict
}
