# Start-up of each tool above /bin/true, by --version.
true=$(measure -n 100 /bin/true | cut -f1)
for tool in "$ROOT"/tools/*.c; do
	tool=${tool##*/}
	tool=${tool%.c}
	limit='<=5'
	if ldd "$BUILD/$tool" | grep -q blas; then
		limit='<=12'
		case $tool in rr-*|ur-featurize|ur-dump) limit='<=5' ;; esac
	fi
	row "$tool" "$(calc "1000 * ($(measure -n 100 "$BUILD/$tool" --version | cut -f1) - $true)")" ms "$limit"
done
