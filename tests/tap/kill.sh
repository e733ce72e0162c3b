# Kills at random instants, a few; make torture does many.
. "$T/lib.sh"
(sh "$T/faults/prepare.sh" inputs) || exit 1
cd inputs && exec bash "$T/faults/kill.sh" 2
