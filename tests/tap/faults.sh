# The faults of tests/faults, a few of each; make torture goes through all.
. "$T/lib.sh"
most=4
[ -n "${SHORT:-}" ] && most=$SHORT
sh "$T/faults/prepare.sh" inputs || exit 1
exec "$BUILD/faults/faults" -m "$most" inputs <"$T/faults/commands"
