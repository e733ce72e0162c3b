# shape.awk - the shape of a click log, as lines "figure TAB value": activity of visitors, popularity of items.
# Input: a log with the columns timestamp, visitorid, event, itemid, in any order.  A share of nothing is nan.

BEGIN { FS = "[,\t\r]"; OFS = "\t" }
NR == 1 { sub(/^\357\273\277/, "") }
{ gsub(/"/, "") }
NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
{
	visits[$at["visitorid"]]++
	kind[$at["event"]]++
	if ($at["event"] == "view") { viewed[$at["itemid"]]++; views++ }
}
function share(part, whole, digits) { return whole ? sprintf("%." digits "f", part / whole) : "nan" }
function at_least(n,    v, found) { for (v in visits) found += visits[v] >= n; return found }
END {
	print "views", share(kind["view"], NR - 1, 4)
	print "carts", share(kind["addtocart"], NR - 1, 4)
	print "transactions", share(kind["transaction"], NR - 1, 4)
	for (i = 2; i <= 20; i = i == 2 ? 3 : i == 3 ? 5 : 2 * i)
		print "visitors with " i " events or more", share(at_least(i), length(visits), 4)
	for (v in visits) if (visits[v] > most) most = visits[v]
	print "most events of a visitor", most + 0
	for (v in viewed) { rank[viewed[v]]++; if (viewed[v] > top) top = viewed[v] }
	for (n = top; n > 0; n--)
		for (k = 0; k < rank[n]; k++) {
			sum += n
			place++
			if (place == int(length(viewed) / 100)) hundredth = sum
			if (place == int(length(viewed) / 10)) tenth = sum
		}
	print "views of the most viewed 1 % of items", share(hundredth, hundredth ? views : 0, 3)
	print "views of the most viewed 10 % of items", share(tenth, tenth ? views : 0, 3)
	print "most views of an item", top + 0
}
