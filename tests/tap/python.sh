# The reader of ur-streams(5) in Python gives the rewards of ur-eval --per-item.
. "$T/lib.sh"
name="ur-streams(5): a model read by Python"
if ! command -v python3 >/dev/null || ! python3 -c 'import msgpack, numpy' 2>/dev/null; then
	skip "$name" "no python3 with msgpack and numpy"
	done_testing
fi
mandoc -T ascii -O width=200 "$T/../man/ur-streams.5" | col -bx |
    awk '/^ *import msgpack/ { indent = match($0, /[^ ]/); on = 1 } /^[A-Z]/ { on = 0 } on { print substr($0, indent) }' >score.py
{ printf 'timestamp,visitorid,event,itemid\n'
awk 'BEGIN { srand(7); for (u = 1; u <= 60; u++) for (s = 0; s < 1 + u % 4; s++) { at = 1e6 * s
	for (i = 0; i < 2 + rand() * 3; i++) printf "%d,%d,view,%d\n", at + 1000 * i, u, item[i] = int(20 * rand() ^ 2)
	printf "%d,%d,addtocart,%d\n", at + 9000, u, item[int(i * rand())] } }'
} | rr-sessionize -q - | ur-featurize -q --features id,repeat --split 1:1:2 -o train.ur &&
    ur-pretrain -q -n 30 -o model.ur train.ur && ur-eval --per-item -m model.ur train.ur | sed 1d | cut -f 1,3,4 >want &&
    python3 score.py >got && [ "$(wc -l <got)" -gt 50 ] && [ "$(cut -f 1,2 got)" = "$(cut -f 1,2 want)" ] &&
    paste got want | awk -F'\t' '{ d = $3 - $6; if (d < 0) d = -d; if (d > 1e-5 || $3 == "nan") bad = 1 } END { exit bad }'
ok "$name"
done_testing
