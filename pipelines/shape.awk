# shape.awk - the shape of a click log, as lines "figure TAB value": activity of visitors, popularity of items.
# Input: a log with the columns timestamp, visitorid, event, itemid, in any order, unquoted.

BEGIN { FS = "[,\r]"; OFS = "\t" }
NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
{
	visits[$at["visitorid"]]++
	kind[$at["event"]]++
	if ($at["event"] == "view") { viewed[$at["itemid"]]++; views++ }
}
function at_least(n,    v, found) { for (v in visits) found += visits[v] >= n; return found / length(visits) }
END {
	print "views", sprintf("%.4f", kind["view"] / (NR - 1))
	print "carts", sprintf("%.4f", kind["addtocart"] / (NR - 1))
	print "transactions", sprintf("%.4f", kind["transaction"] / (NR - 1))
	for (i = 2; i <= 20; i = i == 2 ? 3 : i == 3 ? 5 : 2 * i)
		print "visitors with " i " events or more", sprintf("%.4f", at_least(i))
	for (v in visits) if (visits[v] > most) most = visits[v]
	print "most events of a visitor", most
	for (v in viewed) { rank[viewed[v]]++; if (viewed[v] > top) top = viewed[v] }
	for (n = top; n > 0; n--)
		for (k = 0; k < rank[n]; k++) {
			sum += n
			place++
			if (place == int(length(viewed) / 100)) print "views of the most viewed 1 % of items", sprintf("%.3f", sum / views)
			if (place == int(length(viewed) / 10)) print "views of the most viewed 10 % of items", sprintf("%.3f", sum / views)
		}
	print "most views of an item", top
}
