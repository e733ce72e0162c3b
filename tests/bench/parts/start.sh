# Start-up of each tool above /bin/true, by --version.
start_runs=$RUNS RUNS=100
true=$(seconds /bin/true)
for tool in "$ROOT"/tools/*.c; do
	tool=${tool##*/}
	tool=${tool%.c}
	limit='<=5'
	if ldd "$BUILD/$tool" | grep -q blas; then
		limit='<=12'
		case $tool in rr-*|ur-featurize|ur-dump) limit='<=5' ;; esac
	fi
	row "$tool" "$(calc "1000 * ($(seconds "$BUILD/$tool" --version) - $true)")" ms "$limit"
done
RUNS=$start_runs
