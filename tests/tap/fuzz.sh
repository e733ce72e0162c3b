# The inputs kept from fuzzing, each once through its target.
. "$T/lib.sh"
for corpus in "$T"/fuzz/corpus/*/; do
	name=$(basename "$corpus")
	"$BUILD/fuzz/$name" "$corpus" >/dev/null 2>"$name.err" || { tail -5 "$name.err" | sed 's/^/# /'; false; }
	ok "$name: $(ls "$corpus" | wc -l) inputs"
done
for target in "$T"/fuzz/*.c; do
	name=$(basename "$target" .c)
	[ "$name" = replay ] && continue
	[ -d "$T/fuzz/corpus/$name" ]
	ok "$name has a corpus"
done
done_testing
