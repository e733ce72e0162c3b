# The faults of tests/faults, a few of each; make torture goes through all.
. "$T/lib.sh"
(sh "$T/faults/prepare.sh" inputs) || exit 1
exec "$BUILD/faults/faults" -m 4 inputs <"$T/faults/commands"
