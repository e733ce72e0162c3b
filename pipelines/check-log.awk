# check-log.awk - the table "what known found same" of a log; a known figure that makes no sense ends it with status 1.
# Input: part=known, lines "what TAB known" below a header and comments; part=counted, lines "what TAB found" of what
# rr-sessionize counts; part=log, the log with the columns timestamp, visitorid, event, itemid in any order.

BEGIN { FS = "[,\t\r]"; OFS = "\t"; integer = "^[0-9]+$"; event = "^(view|addtocart|transaction)$" }
FNR == 1 { header = 0 }
part == "known" && !/^#/ && header++ { learn($1, $2) }
part == "counted" { found[$1] = $2 }
part == "log" {
	gsub(/"/, "")
	if (!header++) { sub(/^\357\273\277/, ""); for (i = 1; i <= NF; i++) at[$i] = i; t = at["timestamp"]; e = at["event"]; next }
	if ($t !~ integer) next                 # an empty line
	if (!("first" in found) || $t < found["first"]) found["first"] = $t
	if (!("last" in found) || $t > found["last"]) found["last"] = $t
	found[$e]++
	found[int(($t + zone) / 864e5), $e]++
}
END {
	if (!bad && !n) complain("no figures, expected a header and lines of two columns")
	if (bad) exit 1
	print "what", "known", "found", "same"
	for (i = 1; i <= n; i++) {
		value = place[i] in found ? found[place[i]] : 0
		print what[i], known[i], value, value == known[i] ? "yes" : "no"
	}
}

# Keeps a known figure, and where it is found.
function learn(name, value,    words, from)
{
	what[++n] = name
	known[n] = value
	place[n] = name
	if (split(name, words, " ") == 2 && words[2] ~ event && words[1] ~ /^[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9][+-][0-9][0-9]:00$/) {
		place[n] = day(substr(name, 1, 4), substr(name, 6, 2), substr(name, 9, 2)) SUBSEP words[2]
		from = substr(name, 11, 3) * 36e5
		if (zone != "" && zone != from) complain("day \"" words[1] "\": expected the zone of those above")
		zone = from
	} else if (name !~ /^(rows|visitors|items|sessions|first|last)$/ && name !~ event)
		complain("\"" name "\": expected rows, visitors, items, sessions, first, last, an event, or a day and an event")
	if (value !~ integer) complain("\"" value "\": expected a whole number")
}

function complain(sentence)
{
	if (!bad++) print (part == "known" ? "line " FNR ": " : "") sentence >"/dev/stderr"
	exit 1
}

# Days from 1970-01-01 to a date of the Gregorian calendar; years begin in March, so that leap days end them.
function day(y, m, d)
{
	if (m + 0 < 3) { y--; m += 12 }
	return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) + d - 719469
}
