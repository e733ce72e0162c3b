/* A click log, and from it sessions; the first byte chooses the rules, the second the dialect. */
#include "fuzz.h"
#include "mem.h"
#include "sessions.h"

static struct ur_csv_column columns[] = {
	{ .name = "timestamp" }, { .name = "visitorid" }, { .name = "event" }, { .name = "itemid" }
};

static void
choose(struct ur_dialect *dialect, unsigned bits)
{
	static const char *const word[] = { "view", "addtocart", "transaction" };

	*dialect = (struct ur_dialect){ .column = columns, .columns = 4, .hash_ids = bits & 4 };
	dialect->unit = bits % 4 == 0 ? UR_MS : bits % 4 == 1 ? UR_SECONDS : UR_ISO;
	if (bits & 8)
		dialect->shards = 2;
	for (int k = 0; k < UR_EVENT_KINDS; k++)
		dialect->event[k] = (struct ur_field){ word[k], strlen(word[k]) };
}

static void
sessionize(struct ur_events *events, unsigned bits)
{
	struct ur_session_rules rules = {
		.gap = bits & 1 ? 0 : 1000, .pick = bits & 2 ? UR_ADDTOCART : UR_TRANSACTION, .max_set = bits & 4 ? 1 : 3,
		.add_orphans = bits & 8, .keep_singletons = bits & 16, .no_pick = bits & 32, .context = bits & 64
	};
	struct ur_header header;
	struct ur_counts counts = { 0 };
	struct ur_sessions s;
	struct ur_writer *w;
	struct ur_event event;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	make_header(&header, UR_SESSIONS);
	w = ur_writer_open(f, &header);
	ur_sessions_init(&s, &rules, &counts, w);
	for (size_t i = 0; i < events->n; i++) {
		ur_events_get(events, i, &event);
		ur_sessions_event(&s, &event);
	}
	ur_sessions_end(&s);
	MUST(ur_writer_close(w, err) == 0);
	fclose(f);
	MUST(read_all(file_of_bytes(b), UR_SESSIONS, err) >= 0);        /* what is written can be read */
	ur_header_free(&header);
	ur_counts_free(&counts);
	free(b.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ur_events events = { 0 };
	struct ur_dialect dialect;
	struct ur_log log;
	struct ur_event event;
	int r;

	if (n < 2)
		return 0;
	choose(&dialect, data[1]);
	r = ur_log_open(&log, file_of(data + 2, n - 2), &dialect);
	log.csv.skip = 3;
	while (r >= 0 && (r = ur_log_event(&log, &event)) > 0)
		ur_events_add(&events, &event);
	ur_log_close(&log);
	if (r == 0) {
		ur_events_sort(&events);
		sessionize(&events, data[0]);
	}
	ur_events_free(&events);
	return 0;
}
