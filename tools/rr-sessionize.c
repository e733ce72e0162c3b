/* rr-sessionize - from a click log to sessions with display sets; see rr-sessionize(1). */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "events.h"
#include "impressions.h"
#include "mem.h"
#include "sessions.h"

enum { RETAILROCKET, CHEN2019 };
enum { SKIP, ADD };
enum { PICKS, VIEWS };

static int format = RETAILROCKET, gap = 1800, pick, max_set = 10, orphan = SKIP, history = PICKS;
static bool keep_singletons, no_pick;
static uint64_t skip_bad;
static const char *output, *stats;
static const struct ur_opt opts[] = {
	{ 'f', "format", UR_ENUM, &format, .arg = "retailrocket|chen2019", .flags = UR_PARAM,
	    .help = "what the log looks like" },
	{ 'g', "gap", UR_INT, &gap, 0, INT32_MAX, "seconds without an event that end a session", "S", UR_PARAM },
	{ 'p', "pick", UR_ENUM, &pick, .arg = "addtocart|transaction", .flags = UR_PARAM,
	    .help = "events that are picks" },
	{ 'n', "max-set", UR_INT, &max_set, 1, UINT16_MAX, "most items of a display set", "N", UR_PARAM },
	{ 0, "orphan", UR_ENUM, &orphan, .arg = "skip|add", .flags = UR_PARAM,
	    .help = "a pick not viewed before is left out, or joins the set" },
	{ 0, "keep-singletons", UR_FLAG, &keep_singletons, .flags = UR_PARAM, .help = "keep sets of one item" },
	{ 0, "no-pick", UR_FLAG, &no_pick, .flags = UR_PARAM,
	    .help = "the views after a session's last pick are a step without a pick" },
	{ 0, "history", UR_ENUM, &history, .arg = "picks|views", .flags = UR_PARAM,
	    .help = "what moves the state: views are written as context steps" },
	{ 0, "skip-bad", UR_U64, &skip_bad, .arg = "N", .help = "leave out up to N bad rows" },
	{ 0, "stats", UR_STR, &stats, .arg = "FILE", .help = "write the counters there, as JSON" },
	{ 'o', "output", UR_STR, &output, .arg = "FILE", .help = "write the sessions there, not to standard output" },
	{ 0 }
};
static const struct ur_tool tool = {
	"rr-sessionize", "from a click log to sessions with display sets", "[options] [file ...]", opts, NULL
};

static struct ur_counts counts;
static char *first_bad;         /* what was wrong with the first row left out */

static void
check_options(void)
{
	static const void *const of_events[] = {
		&gap, &pick, &max_set, &orphan, &keep_singletons, &no_pick, &history
	};

	for (size_t i = 0; format == CHEN2019 && i < sizeof of_events / sizeof *of_events; i++)
		for (const struct ur_opt *o = opts; o->name != NULL; o++)
			if (o->value == of_events[i] && ur_given(o->value))
				ur_usage("--%s does not apply to --format chen2019", o->name);
}

static bool
is_standard(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

static void
check_files(char **files)
{
	if (stats != NULL && is_standard(stats) && is_standard(output))
		ur_usage("--stats and --output are both standard output");
	if (stats != NULL && output != NULL)
		ur_output_differs(stats, output);
	for (; *files != NULL; files++) {
		if (output != NULL)
			ur_output_differs(output, *files);
		if (stats != NULL)
			ur_output_differs(stats, *files);
	}
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

static void
read_events(struct ur_events *events, const char *path)
{
	struct ur_log log;
	struct ur_event event;
	int r = ur_log_open(&log, path);

	log.csv.skip = skip_bad - counts.bad_rows;
	while (r >= 0 && (r = ur_log_event(&log, &event)) > 0)
		ur_events_add(events, &event);
	if (r < 0)
		ur_die("%s", log.csv.err);
	count_bad(&log.csv);
	ur_log_close(&log);
}

static void
sessionize_events(char **files, struct ur_writer *out)
{
	struct ur_session_rules rules = {
		.gap = (uint64_t)gap * 1000, .pick = pick == 0 ? UR_ADDTOCART : UR_TRANSACTION, .max_set = (size_t)max_set,
		.add_orphans = orphan == ADD, .keep_singletons = keep_singletons, .no_pick = no_pick,
		.context = history == VIEWS
	};
	struct ur_events events = { 0 };
	struct ur_sessions sessions;
	struct ur_event event;

	do
		read_events(&events, *files);
	while (*files != NULL && *++files != NULL);
	ur_events_sort(&events);
	ur_sessions_init(&sessions, &rules, &counts, out);
	for (size_t i = 0; i < events.n; i++) {
		ur_events_get(&events, i, &event);
		ur_sessions_event(&sessions, &event);
	}
	ur_sessions_end(&sessions);
	if (stats != NULL)
		counts.items = ur_events_count_items(&events);
	ur_events_free(&events);
}

static void
read_impressions(struct ur_impressions *im, const char *path)
{
	static const struct ur_csv_column chen2019[UR_SHOWN_COLUMNS] = {
		{ .name = "session_new_index" }, { .name = "Time" }, { .name = "item_new_index" },
		{ .name = "is_click" }, { .name = "Time" }, { .name = "raw_index" }, { .name = "tr_val_tst" }
	};
	struct ur_csv csv;
	int r = ur_csv_open(&csv, path, '\t', chen2019, UR_SHOWN_COLUMNS);

	csv.skip = skip_bad - counts.bad_rows;
	if (r < 0 || ur_impressions_read(im, &csv, csv.in.name) < 0)
		ur_die("%s", csv.err);
	count_bad(&csv);
	ur_csv_close(&csv);
}

static void
sessionize_impressions(char **files, struct ur_writer *out)
{
	struct ur_impressions im = { 0 };
	char err[UR_ERR];

	do
		read_impressions(&im, *files);
	while (*files != NULL && *++files != NULL);
	if (ur_impressions_write(&im, &counts, out, err) < 0)
		ur_die("%s", err);
	ur_impressions_free(&im);
}

static void
write_stats(struct ur_output *out)
{
	ur_counts_print(&counts, out->f);
	ur_output_commit(out);
}

int
main(int argc, char *argv[])
{
	char **files = ur_options(&tool, argc, argv), err[UR_ERR];
	struct ur_header header = { .format = UR_SESSIONS };
	struct ur_output out, stats_out;
	struct ur_writer *writer;

	check_options();
	check_files(files);
	ur_output_open(&out, output, UR_BINARY);
	if (stats != NULL)
		ur_output_open(&stats_out, stats, UR_TEXT);
	ur_history_add(&header, NULL);
	writer = ur_writer_open(out.f, &header);
	if (format == RETAILROCKET)
		sessionize_events(files, writer);
	else
		sessionize_impressions(files, writer);
	if (ur_writer_close(writer, err) < 0)
		ur_die("%s: %s", out.name, err);
	ur_output_commit(&out);
	if (stats != NULL)
		write_stats(&stats_out);
	report_bad();
	ur_header_free(&header);
	ur_counts_free(&counts);
	return ur_finish();
}
