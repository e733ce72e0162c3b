# choices.sh - made-up choices for the tests of training; needs lib.sh.

# Impressions of users 1..n with a role, one to three steps of three items each; higher items are liked better.
choices()       # n
{
	awk -v n="$1" 'BEGIN {
		srand(7); OFS = "\t"
		print "user", "time", "item", "clicked", "role"
		for (u = 1; u <= n; u++) {
			role = u % 5 == 4 ? "validation" : u % 5 == 3 ? "test" : "train"
			for (s = 1 + int(3 * rand()); s > 0; s--) {
				a = 1 + int(8 * rand()); b = a + 1 + int(4 * rand()); c = b + 1 + int(4 * rand())
				p = rand() < .6 ? c : rand() < .7 ? b : a
				print u, 10 - s, a, p == a, role; print u, 10 - s, b, p == b, role; print u, 10 - s, c, p == c, role
			}
		}
	}'
}

batches()       # file of impressions, options of ur-featurize
{
	local file=$1
	shift
	rr-sessionize -q --format impressions "$file" | ur-featurize -q "$@"
}
