# lib.sh - for the scripts in tests/tap: source it first, call `done_testing` last.
n=0 bad=0

ok()            # name: the status of the last command is the verdict
{
	local status=$?
	n=$((n + 1))
	if [ $status = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; bad=$((bad + 1)); fi
	return $status
}

skip()          # name, why
{
	n=$((n + 1))
	echo "ok $n - $1 # skip $2"
}

# Is this a build with a sanitizer, whose own memory and libraries are in the way of some tests?
sanitized() { nm "$BUILD/ur-pretrain" | grep -q -E '__(a|t)san_init'; }

# refuses STATUS PATTERN COMMAND...: the command ends with STATUS and says one line on
# standard error that matches the extended regular expression PATTERN.
refuses()
{
	local want=$1 pattern=$2 status lines
	shift 2
	"$@" >refuses.out 2>refuses.err </dev/null
	status=$?
	lines=$(wc -l <refuses.err)
	if [ "$status" = "$want" ] && [ "$lines" = 1 ] && grep -Eq -e "$pattern" refuses.err; then
		return 0
	fi
	echo "# $*: status $status (want $want), $lines lines (want one that matches $pattern):"
	head -5 refuses.err | sed 's/^/# /'
	return 1
}

done_testing()
{
	echo "1..$n"
	exit $((bad != 0))
}
