# serp.awk - result pages with clicks to the table of rr-sessionize --format impressions; see
# ur-serp-to-impressions(1).  A page is "QUERY<tab>id,id,... : clicked , clicked , ...", ended by ; or a line end.
BEGIN { RS = "[;\n]"; OFS = "\t"; print "user", "time", "item", "clicked", "position" }
!/\t/ { next }
{
	sub(/^[^\t]*\t/, ""); gsub(/[ \r]/, "")
	split($0, part, ":"); n = split(part[1], shown, ","); clicks = split(part[2], click, ",")
	split("", place); for (i = n; i >= 1; i--) place[shown[i]] = i
	first = 0; for (i = clicks; i >= 1; i--) if (click[i] in place) first = place[click[i]]
	if (clicks > 0 && !first) next
	page++
	for (i = 1; i <= n; i++) print page, page, shown[i], (i == first ? 1 : 0), i
}
