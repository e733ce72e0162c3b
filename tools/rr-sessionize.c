/* rr-sessionize - turn a click log into sessions with display sets; see rr-sessionize(1). */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "events.h"
#include "impressions.h"
#include "mem.h"
#include "sessions.h"

enum { RETAILROCKET, CHEN2019, IMPRESSIONS };
enum { ADDTOCART, TRANSACTION, VIEW };
enum { SKIP, ADD };
enum { PICKS, VIEWS };
enum { AHEAD = 1 << 25 };               /* items of the sets of --pick view kept at once */

static int format = RETAILROCKET, gap = 1800, pick = ADDTOCART, max_set = 10, orphan = SKIP, history = PICKS, time_unit = UR_MS;
static bool keep_singletons, no_pick, hash_ids, sorted;
static uint64_t skip_bad;
static const char *column_names, *event_names, *shard, *output, *stats;
static const struct ur_opt opts[] = {
	{ 'f', "format", UR_ENUM, &format, .arg = "retailrocket|chen2019|impressions", .flags = UR_PARAM,
	    .help = "what the log looks like" },
	{ 'g', "gap", UR_INT, &gap, 0, INT32_MAX, "longest gap within a session, in seconds", "S", UR_PARAM },
	{ 'p', "pick", UR_ENUM, &pick, .arg = "addtocart|transaction|view", .flags = UR_PARAM,
	    .help = "events that are picks" },
	{ 'n', "max-set", UR_INT, &max_set, 1, UINT16_MAX, "largest display set", "N", UR_PARAM },
	{ 0, "orphan", UR_ENUM, &orphan, .arg = "skip|add", .flags = UR_PARAM,
	    .help = "whether a pick not viewed before is left out or joins the set" },
	{ 0, "keep-singletons", UR_FLAG, &keep_singletons, .flags = UR_PARAM, .help = "keep sets of one item" },
	{ 0, "no-pick", UR_FLAG, &no_pick, .flags = UR_PARAM,
	    .help = "write the views after a session's last pick as a step without a pick" },
	{ 0, "history", UR_ENUM, &history, .arg = "picks|views", .flags = UR_PARAM,
	    .help = "what moves the state; with views, they are written as context steps" },
	{ 'c', "columns", UR_STR, &column_names, .arg = "KEY=NAME,...", .flags = UR_PARAM,
	    .help = "other names of the log's columns" },
	{ 'e', "events", UR_STR, &event_names, .arg = "KEY=WORD,...", .flags = UR_PARAM,
	    .help = "other words for the log's events" },
	{ 't', "time-unit", UR_ENUM, &time_unit, .arg = "ms|s|iso", .flags = UR_PARAM, .help = "how times are written" },
	{ 0, "hash-ids", UR_FLAG, &hash_ids, .flags = UR_PARAM, .help = "ids are any text" },
	{ 0, "sorted", UR_FLAG, &sorted, .help = "the log is ordered by (visitor, time): constant memory" },
	{ 0, "shard", UR_STR, &shard, .arg = "I/N", .help = "keep the I-th of N parts of the visitors, I from 0" },
	{ 0, "skip-bad", UR_U64, &skip_bad, .arg = "N", .help = "leave out up to N bad rows" },
	{ 0, "stats", UR_STR, &stats, .arg = "FILE", .help = "write counters to FILE, as JSON" },
	{ 'o', "output", UR_STR, &output, .arg = "FILE", .help = "write the sessions to FILE instead of standard output" },
	{ 0 }
};
static const struct ur_tool tool = {
	"rr-sessionize", "turn a click log into sessions with display sets", "[options] [file ...]", opts, NULL
};

static struct ur_counts counts;
static char *first_bad;         /* what was wrong with the first row left out */

/* --- options --------------------------------------------------------------- */

static void
refuse_for(const void *const *value, const char *why)
{
	for (; *value != NULL; value++)
		for (const struct ur_opt *o = opts; o->name != NULL; o++)
			if (o->value == *value && ur_given(o->value))
				ur_usage("--%s does not apply to %s", o->name, why);
}

static void
check_options(void)
{
	static const void *const of_events[] = {
		&gap, &pick, &max_set, &orphan, &keep_singletons, &no_pick, &history, &event_names, &sorted, NULL
	};
	static const void *const of_dialects[] = { &column_names, &time_unit, &hash_ids, NULL };
	static const void *const of_order[] = { &hash_ids, NULL };
	static const void *const of_sessions[] = { &orphan, &no_pick, NULL };
	static const void *const of_parts[] = { &sorted, &shard, NULL };

	if (format != RETAILROCKET)
		refuse_for(of_events, format == CHEN2019 ? "--format chen2019" : "--format impressions");
	if (format == CHEN2019)
		refuse_for(of_dialects, "--format chen2019");
	if (sorted)
		refuse_for(of_order, "--sorted: the order of ids is not that of their hashes");
	if (pick == VIEW) {
		refuse_for(of_sessions, "--pick view");
		refuse_for(of_parts, "--pick view, which needs the whole log");
	}
}

/* Names the columns [n] by key, or as --columns says; those from `optional` on may be missing unless named. */
static void
name_columns(struct ur_csv_column *column, const char *const *key, size_t n, size_t optional)
{
	const char *name[UR_SHOWN_COLUMNS] = { NULL };
	char err[UR_ERR];

	if (column_names != NULL && ur_pairs(column_names, key, n, name, err) == NULL)
		ur_usage("--columns: %s", err);
	for (size_t k = 0; k < n; k++)
		column[k] = (struct ur_csv_column){ name[k] != NULL ? name[k] : key[k], name[k] == NULL && k >= optional };
}

static char *event_words;       /* of --events: the fields point into it; released by main */

static void
name_events(struct ur_field *event)
{
	static const char *const key[UR_EVENT_KINDS] = { "view", "addtocart", "transaction" };
	const char *word[UR_EVENT_KINDS];
	char err[UR_ERR];

	memcpy(word, key, sizeof key);
	if (event_names != NULL && (event_words = ur_pairs(event_names, key, UR_EVENT_KINDS, word, err)) == NULL)
		ur_usage("--events: %s", err);
	for (int k = 0; k < UR_EVENT_KINDS; k++) {
		event[k] = ur_field_of(word[k]);
		for (int j = 0; j < k; j++)
			if (strcmp(word[j], word[k]) == 0)
				ur_usage("--events: '%s' is both %s and %s", word[k], key[j], key[k]);
	}
}

/* What the options say of how the log is written; the names stay until the end. */
static struct ur_dialect
read_dialect(void)
{
	static const char *const of_event[] = { "timestamp", "visitorid", "event", "itemid" };
	static const char *const of_shown[] = { "user", "time", "item", "clicked", "set", "position", "role" };
	static const struct ur_csv_column chen2019[UR_SHOWN_COLUMNS] = {
		{ .name = "session_new_index" }, { .name = "Time" }, { .name = "item_new_index" },
		{ .name = "is_click" }, { .name = NULL }, { .name = "raw_index" }, { .name = "tr_val_tst" }
	};
	static struct ur_csv_column column[UR_SHOWN_COLUMNS];
	struct ur_dialect dialect = { .column = column, .unit = (enum ur_time_unit)time_unit, .hash_ids = hash_ids };

	if (format == CHEN2019) {
		memcpy(column, chen2019, sizeof chen2019);
		dialect.separator = '\t';
	} else if (format == IMPRESSIONS)
		name_columns(column, of_shown, UR_SHOWN_COLUMNS, UR_SHOWN_SET);
	else
		name_columns(column, of_event, UR_EVENT_COLUMNS, UR_EVENT_COLUMNS);
	dialect.columns = format == RETAILROCKET ? (size_t)UR_EVENT_COLUMNS : (size_t)UR_SHOWN_COLUMNS;
	name_events(dialect.event);
	if (shard != NULL && ur_dialect_shard(&dialect, shard) < 0)
		ur_usage("--shard: '%s' is not I/N with 0 <= I < N < 2^32", shard);
	return dialect;
}

/* --- files ----------------------------------------------------------------- */

static void
check_files(char **files)
{
	if (stats != NULL && ur_is_standard(stats) && ur_is_standard(output))
		ur_usage("--stats and --output are both standard output");
	if (stats != NULL && output != NULL)
		ur_output_differs(stats, output);
	do {
		ur_output_differs(output, *files);
		ur_output_differs(stats, *files);
	} while (*files != NULL && *++files != NULL);
}

/* Takes what was left out of a file from what still may be. */
static void
count_bad(const struct ur_csv *csv)
{
	if (counts.bad_rows == 0 && csv->skipped != 0)
		first_bad = ur_strdup(csv->skipped_err);
	counts.bad_rows += csv->skipped;
}

static void
report_bad(void)
{
	if (counts.bad_rows != 0)
		ur_warn("%ju bad row%s left out, the first: %s", (uintmax_t)counts.bad_rows,
		    counts.bad_rows == 1 ? "" : "s", first_bad);
	free(first_bad);
}

/* --- events ---------------------------------------------------------------- */

/*
 * Where events go as they are read: all into memory, or, sorted, those of one visitor and
 * time, until the next is there.
 */
struct intake {
	struct ur_events events;
	struct ur_event last;           /* sorted: of those in events */
	struct ur_sessions *sessions;
};

/* Passes sorted events on; they stay. */
static void
drain(struct intake *in)
{
	struct ur_event event;

	for (size_t i = 0; i < in->events.n; i++) {
		ur_events_get(&in->events, i, &event);
		ur_sessions_event(in->sessions, &event);
	}
}

static void
add_sorted(struct intake *in, const struct ur_event *e, const struct ur_csv *csv)
{
	const struct ur_event *last = &in->last;
	bool later = e->visitor > last->visitor || (e->visitor == last->visitor && e->time > last->time);

	if (in->events.n != 0 && !later && (e->visitor != last->visitor || e->time != last->time))
		ur_die("%s: line %ju: visitor %ju at %jd after visitor %ju at %jd, expected the order of (visitor, time)",
		    csv->in.name, (uintmax_t)csv->line, (uintmax_t)e->visitor, (intmax_t)e->time,
		    (uintmax_t)last->visitor, (intmax_t)last->time);
	if (later) {
		ur_events_sort(&in->events);
		drain(in);
		in->events.n = 0;
	}
	ur_events_add(&in->events, e);
	in->last = *e;
}

static void
read_events(struct intake *in, const struct ur_dialect *dialect, const char *path)
{
	struct ur_log log;
	struct ur_event event;
	int r = ur_log_open(&log, path, dialect);

	log.csv.skip = skip_bad - counts.bad_rows;
	while (r >= 0 && (r = ur_log_event(&log, &event)) > 0) {
		if (sorted)
			add_sorted(in, &event, &log.csv);
		else
			ur_events_add(&in->events, &event);
	}
	if (r < 0)
		ur_die("%s", log.csv.err);
	count_bad(&log.csv);
	ur_log_close(&log);
}

static void
sessionize_events(char **files, const struct ur_dialect *dialect, struct ur_writer *out)
{
	static const enum ur_event_kind pick_kind[] = { UR_ADDTOCART, UR_TRANSACTION, UR_VIEW };
	struct ur_session_rules rules = {
		.gap = (uint64_t)gap * 1000, .pick = pick_kind[pick], .max_set = (size_t)max_set,
		.add_orphans = orphan == ADD, .keep_singletons = keep_singletons, .no_pick = no_pick,
		.context = history == VIEWS
	};
	struct ur_sessions sessions;
	struct intake in = { .sessions = &sessions };
	char err[UR_ERR];

	ur_sessions_init(&sessions, &rules, &counts, out);
	do
		read_events(&in, dialect, *files);
	while (*files != NULL && *++files != NULL);
	ur_events_sort(&in.events);
	if (pick == VIEW && (sessions.others = ur_others_new(&in.events, rules.max_set - 1, AHEAD, err)) == NULL)
		ur_die("%s", err);
	drain(&in);
	ur_sessions_end(&sessions);
	if (pick == VIEW)
		ur_others_free(sessions.others);
	counts.no_items = sorted;
	if (stats != NULL && !sorted)
		counts.items = ur_events_count_items(&in.events);
	ur_events_free(&in.events);
}

/* --- display sets ------------------------------------------------------------ */

static void
read_impressions(struct ur_impressions *im, const struct ur_dialect *dialect, const char *path)
{
	struct ur_csv csv;
	int r = ur_dialect_open(dialect, &csv, path);

	csv.skip = skip_bad - counts.bad_rows;
	if (r < 0 || ur_impressions_read(im, dialect, &csv, csv.in.name) < 0)
		ur_die("%s", csv.err);
	count_bad(&csv);
	ur_csv_close(&csv);
}

static void
sessionize_impressions(char **files, const struct ur_dialect *dialect, struct ur_writer *out)
{
	struct ur_impressions im = { 0 };
	char err[UR_ERR];

	do
		read_impressions(&im, dialect, *files);
	while (*files != NULL && *++files != NULL);
	if (ur_impressions_write(&im, &counts, out, err) < 0)
		ur_die("%s", err);
	ur_impressions_free(&im);
}

int
main(int argc, char *argv[])
{
	char **files = ur_options(&tool, argc, argv), err[UR_ERR];
	struct ur_header header = { .format = UR_SESSIONS };
	struct ur_output out, stats_out = { 0 };
	struct ur_dialect dialect;
	struct ur_writer *writer;

	check_options();
	dialect = read_dialect();
	check_files(files);
	ur_output_open(&out, output, UR_BINARY);
	if (stats != NULL)
		ur_output_open(&stats_out, stats, UR_TEXT);
	ur_history_add(&header, NULL);
	writer = ur_writer_open(out.f, &header);
	if (format == RETAILROCKET)
		sessionize_events(files, &dialect, writer);
	else
		sessionize_impressions(files, &dialect, writer);
	if (ur_writer_close(writer, err) < 0)
		ur_die("%s: %s", out.name, err);
	if (stats != NULL) {
		ur_counts_print(&counts, stats_out.f);
		ur_output_settle(&stats_out);
	}
	ur_output_commit(&out);
	if (stats != NULL)
		ur_output_commit(&stats_out);
	report_bad();
	if (ur_verbose)
		ur_note("%ju rows of %ju visitors, %ju picks, %ju of them written", (uintmax_t)counts.rows,
		    (uintmax_t)counts.visitors, (uintmax_t)counts.picks, (uintmax_t)counts.choices);
	ur_header_free(&header);
	ur_counts_free(&counts);
	free(event_words);
	return ur_finish();
}
