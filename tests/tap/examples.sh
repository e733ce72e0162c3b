# Every example of the man pages and of the README runs, and prints what the page says.
. "$T/lib.sh"
top=$T/..

# A folder as a reader has it who went through the pages before: the log and what the stages made of it.
prepare()
{
	mkdir -p base && cd base || exit 1
	zstd -dcq "$T/data/retailrocket/events.csv.zst" >events.csv
	gzip -1 -c events.csv >events.csv.gz
	cp "$T/data/retailrocket/category_tree.csv" .
	mkdir tests && ln -s "$T/data" tests/data
	rr-sessionize -o sessions.ur events.csv.gz &&
	    ur-featurize -o train.ur sessions.ur &&
	    ur-pretrain -q --iterations 20 -o model.ur train.ur
	cd ..
}

run_examples()  # name kind <text
{
	rm -rf "$1" && mkdir "$1" && cp -r base "$1/cwd"
	awk -v kind="$2" -v dir="$1" -f "$T/examples.awk"
	for cmd in "$1"/*.cmd; do
		[ -f "$cmd" ] || { echo "not ok - $1 has no examples"; bad=1; continue; }
		expected=$PWD/${cmd%.cmd}.out first=$(head -1 "$cmd")   # not at ok: that would be its verdict
		(cd "$1/cwd" && PATH="$top/pipelines:$PATH" bash -o pipefail "../${cmd##*/}" >../stdout 2>../stderr </dev/null)
		# 141: the last command of the pipe wanted no more; a page shows tabs as spaces
		case $? in 0|141) ;; *) false ;; esac && { [ ! -f "$expected" ] || diff -b "$expected" "$1/stdout"; } >"$1/diff"
		ok "$1: $first" || { sed 's/^/# /' "$1/diff" "$1/stderr" | head -20; }
	done
}

prepare
for page in "$top"/man/*.[157]; do
	name=${page##*/}
	run_examples "$name" page < <(mandoc -T ascii -O width=200 "$page" | col -bx)
done
[ -f "$top/README.md" ] && run_examples README readme <"$top/README.md"
done_testing
