# common.sh - what the pipeline scripts share: options read from the help text, messages, exit statuses.
#
# A script sets `help` (first line "NAME - purpose", then "usage: ...", then a line per option laid out as
# the tools lay theirs out) and calls `options "$@"`, which fills opt[long name] and the array operands.
# Statuses are those of the tools: 0 done, 1 data or I/O, 2 command line.
export LC_ALL=C OPENBLAS_NUM_THREADS=1       # runs go side by side, so none needs threads of a BLAS
unset CDPATH                                 # cd goes where it is told
prog=${0##*/}
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
[ ! -d "$here/../build" ] || PATH=$PATH:$(realpath "$here/../build")   # in the source folder, after make
declare -A opt
operands=()

die()   { printf '%s: %s\n' "$prog" "$*" >&2; exit 1; }
usage() { printf '%s: %s\n' "$prog" "$*" >&2; exit 2; }
note()  { [ -n "${opt[quiet]-}" ] || printf '%s: %s\n' "$prog" "$*" >&2; }

version()
{
	cat "$here/version" 2>/dev/null || sed -n 's/^VERSION *= *//p' "$here/../Makefile"
}

options()
{
	local line letters='' longs='' words
	local -A long_of=() valued=()

	help+='
  -q, --quiet                        no notes, no progress
  -v, --verbose                      say more on standard error
  -V, --version                      print the version and exit
  -h, --help                         print this help and exit'
	while IFS= read -r line; do
		[[ $line =~ ^\ \ (-(.),|\ {3})\ --([a-z0-9-]+)(\ [^ ]+)?\  ]] || continue
		local letter=${BASH_REMATCH[2]} name=${BASH_REMATCH[3]} colon=${BASH_REMATCH[4]:+:}
		[ -n "$letter" ] && letters+=$letter$colon long_of[-$letter]=$name
		longs+=$name$colon, long_of[--$name]=$name valued[$name]=$colon
	done <<<"$help"
	words=$(getopt -n "$prog" -o "$letters" -l "$longs" -- "$@") || exit 2
	eval set -- "$words"
	while [ "$1" != -- ]; do
		line=${long_of[$1]}
		opt[$line]=yes
		[ -n "${valued[$line]}" ] && { opt[$line]=$2; shift; }
		shift
	done
	shift
	operands=("$@")
	[ -n "${opt[help]-}" ] && { printf '%s\n' "$help"; exit 0; }
	[ -n "${opt[version]-}" ] && { echo "$prog $(version)"; exit 0; }
	return 0
}

# whole_number NAME VALUE MIN: refuses an option's value that is no whole number from MIN on.
whole_number()
{
	[[ $2 =~ ^[0-9]{1,9}$ ]] && [ "$2" -ge "$3" ] || usage "--$1: '$2' is not a whole number of $3 or more"
}

# needs PROGRAM...: they are on PATH.
needs()
{
	for p; do
		command -v "$p" >/dev/null || die "$p: not found on PATH, expected it to be installed"
	done
}

# Prints a file that is whole: what ends early has met a full disk or a closed pipe.
print_file()    # file
{
	cat -- "$1" 2>/dev/null || die "<stdout>: write failed"
}

# begin_output FILE: sets part to the file to write to; the caller's trap removes it.  It is beside FILE, or beside what
# FILE links to, and is given that name by end_output; a device or FIFO is written in place, from $scratch.
begin_output()
{
	final=$1 part=$scratch/part
	[ -e "$1" ] && [ ! -f "$1" ] && return
	final=$(realpath -m -- "$1")
	part=$(mktemp -- "$final.XXXXXX" 2>"$scratch/mktemp") || die "$1: $(sed 's/.*: //' "$scratch/mktemp")"
}

end_output()
{
	if [ "$part" = "$scratch/part" ]; then
		cat "$part" >"$final"
	else
		chmod "$(printf %o $((0666 & ~$(umask))))" "$part" && sync "$part" && mv -T "$part" "$final"
	fi
}

# Where `log` is a folder it becomes the log in it; `properties` become the options of ur-featurize for the files beside it.
find_log()
{
	local folder=$log file

	properties=()
	[ -d "$folder" ] || return 0
	for file in "$folder"/item_properties*.csv*; do
		[ -f "$file" ] && properties+=(--properties "$file")
	done
	for file in "$folder"/category_tree.csv*; do
		[ ${#properties[@]} != 0 ] && [ -f "$file" ] && properties+=(--categories "$file")
	done
	for log in "$folder"/events.csv*; do
		[ ! -f "$log" ] || return 0
	done
	die "$folder: there is no events.csv in it"
}

# The means over tables of ur-eval, one per seed.
means() { awk -v prefix="$prog: " -f "$here/student.awk" -f "$here/mean.awk" "$@"; }

# Prints a file, unpacked if it is packed; a pipe, whose bytes come once, as it is.
unpacked()      # file
{
	[ -f "$1" ] || { cat -- "$1"; return; }
	case $(od -An -N4 -tx1 -- "$1" | tr -d ' ') in
	1f8b*) gzip -dc -- "$1" ;;
	28b52ffd) zstd -dcq -- "$1" ;;
	*) cat -- "$1" ;;
	esac
}

# Prints those runs of a sweep, names on standard input, that are whole in $dir: all there and unharmed.
whole_runs()
{
	local name sums

	while IFS= read -r name; do
		[ -f "$dir/$name/whole" ] && mapfile -t sums <"$dir/$name/whole" || continue
		[ "${sums[-1]-}" = end ] && printf '%s\n' "${sums[@]/  /  $name/}"
	done | (cd "$dir" && sha256sum --check 2>/dev/null) | awk '
	{
		run = $0
		sub(/\/[^\/]*$/, "", run)
		if (!(run in harmed)) order[++n] = run
		harmed[run] += !/: OK$/
	}
	END { for (i = 1; i <= n; i++) if (!harmed[order[i]]) print order[i] }'
}
