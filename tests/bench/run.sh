#!/bin/bash
# run.sh [part ...] - measures what the tools do against the machine and against others' tools.
#
# Each part is a script in parts/, given the helpers below; without arguments all run.  What is
# missing (torch, duckdb, polars, a log generator) is skipped by name.  The table is printed as it grows and
# written to $UR_BENCH_TSV (default BUILD/bench.tsv).
#
# UR_BENCH_PYTHON  a python3 with torch, duckdb, polars, numpy and msgpack, as far as there are
# UR_BENCH_RUNS    runs of which the median is taken, 5
# UR_BENCH_CLOCK   wall (default) or cpu: processor time, with rivals held to one thread, for a machine that is
#                  not quiet; the bounds of the table are meant for wall
# UR_BENCH_DIR     keeps the input files there for the next time; a temporary folder otherwise
set -u -o pipefail
failed=0
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BUILD=$(cd "$ROOT/${BUILD:-build}" && pwd)
DATA=${UR_DATA:-$ROOT/../shared/data}
PATH="$BUILD:$BUILD/bench:$PATH" LC_ALL=C
PYTHON=${UR_BENCH_PYTHON:-python3}
RUNS=${UR_BENCH_RUNS:-5}
TSV=${UR_BENCH_TSV:-$BUILD/bench.tsv}
CLOCK=${UR_BENCH_CLOCK:-wall}
export HERE ROOT BUILD DATA PATH LC_ALL PYTHON RUNS CLOCK
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
INPUT=${UR_BENCH_DIR:-$WORK/input}
mkdir -p "$INPUT"
cd "$WORK" || exit 1

# --- the table -----------------------------------------------------------

# row CASE VALUE UNIT [RIVAL-NAME RIVAL] [WANTED]: a line of the table.  The ratio says how many times better
# VALUE is: more is better where UNIT is per second, less elsewhere.  WANTED is <=V or >=V for the value,
# >=Rx for the ratio, <=R% or >=R% for the value in percent of the rival's.
row()
{
	local wanted= name= rival=
	case $# in
	4)	wanted=$4 ;;
	5)	name=$4 rival=$5 ;;
	6)	name=$4 rival=$5 wanted=$6 ;;
	esac
	awk -v OFS='\t' -v part="$PART" -v case="$1" -v value="$2" -v unit="$3" -v name="$name" -v rival="$rival" \
	    -v wanted="$wanted" -f "$HERE/row.awk" /dev/null | tee -a "$TSV" | show
}

show()
{
	awk -F'\t' '{ printf "%-11s %-44s %12s %-8s %-17s %12s %8s %9s  %s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9; fflush() }'
}

skip()          # what, why
{
	printf '%-11s %s: skipped: %s\n' "$PART" "$1" "$2"
}

# --- measuring -----------------------------------------------------------

seconds()       # command ... -> median time
{
	measure -n "$RUNS" "$@" | cut -f "$([ "$CLOCK" = cpu ] && echo 3 || echo 1)"
}

mebibytes()     # command ... -> largest resident set
{
	measure -n 1 "$@" | awk '{ printf "%.1f\n", $4 / 1024 }'
}

# Iterations a second of a trainer, between the first tenth and the last: start and end do not count.
rate()          # iterations, command ...
{
	local n=$1 few=$(($1 / 10)) long short
	shift
	short=$(seconds "$@" --iterations "$few" --eval-every "$few") &&
	    long=$(seconds "$@" --iterations "$n" --eval-every "$n") &&
	    calc "($n - $few) / ($long - $short)"
}

calc()          # expression
{
	awk "BEGIN { printf \"%.6g\\n\", $1 }"
}

has_python()    # module
{
	"$PYTHON" -c "import $1" 2>/dev/null
}

field()         # name, file of name<TAB>value lines
{
	awk -F'\t' -v name="$1" '$1 == name { print $2 }' "$2"
}

# The nll by ur-eval and by the rival (rival.tsv) of the same model and steps must be one to 1e-4.
same_nll()      # name, model, batches, options of ur-eval ...
{
	local ours theirs
	ours=$(ur-eval -q -m "$2" --role train --bootstrap 0 "${@:4}" "$3" | awk -F'\t' '$1 == "nll" { print $2 }')
	theirs=$(field nll rival.tsv)
	awk -v a="$ours" -v b="$theirs" 'BEGIN { d = a - b; exit !(a != "" && d < 1e-4 && d > -1e-4) }' ||
	    wrong "$1: nll $ours here, $theirs by the rival: not the same model"
}

wrong()         # what is not as it must be, so that the figures mean nothing
{
	echo "run.sh: $PART: $1" >&2
	failed=1
}

# --- inputs, made once ---------------------------------------------------

yelp()          # -> path of Yelp's batches, one-hot items as the reference had them
{
	[ -r "$DATA/ganrl-chen2019/yelp.txt" ] || return 1
	[ -r "$INPUT/yelp.ur" ] ||
	    rr-sessionize --format chen2019 "$DATA/ganrl-chen2019/yelp.txt" |
	    ur-featurize --features id --min-count 1 -o "$INPUT/yelp.ur" || return 1
	echo "$INPUT/yelp.ur"
}

made_up()       # items, dense columns -> path
{
	[ -r "$INPUT/made-up-$1-$2.ur" ] || synth 20000 "$1" "$2" >"$INPUT/made-up-$1-$2.ur" || return 1
	echo "$INPUT/made-up-$1-$2.ur"
}

# The full log's size times $1, as rr-synth makes it.
full_log()      # scale -> folder
{
	command -v rr-synth >/dev/null || return 1
	[ -d "$INPUT/log-$1" ] || rr-synth -q --scale "$1" --seed 1 -o "$INPUT/log-$1" || return 1
	echo "$INPUT/log-$1"
}

# -------------------------------------------------------------------------

machine()
{
	local model
	model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
	row "processor: ${model:-unknown}, cores" "$(nproc)" ""
	row "BLAS core: $(kernels core)" "" ""
	row "commit: $(git -C "$ROOT" describe --always --dirty 2>/dev/null || echo none)" "" ""
	row "clock: $CLOCK" "" ""
	row "load at the start" "$(cut -d' ' -f1 /proc/loadavg)" ""
	has_python torch && row "PyTorch: $("$PYTHON" -c 'import torch; print(torch.__version__)')" "" ""
}

printf 'part\tcase\tvalue\tunit\trival\trival_value\tratio\twanted\tverdict\n' | tee "$TSV" | show
PART=machine
machine
for PART in ${*:-kernels train large adversarial threads scoring start memory data growth}; do
	[ -r "$HERE/parts/$PART.sh" ] || { echo "run.sh: no part '$PART'" >&2; exit 2; }
	. "$HERE/parts/$PART.sh"
done
PART=machine
row "load at the end" "$(cut -d' ' -f1 /proc/loadavg)" ""
awk -F'\t' '$9 == "met" { met++ } $9 == "short" { short++ } END { printf "%d met, %d short of what is wanted\n", met, short }' "$TSV"
echo "written to $TSV"
exit $failed
