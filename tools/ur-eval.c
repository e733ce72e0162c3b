/* ur-eval - score user models on recorded choices; see ur-eval(1). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "metrics.h"

enum { CHUNK_USERS = 1024, CHUNK_STEPS = 2048 };        /* what is scored at once */
enum { REWARD, POLICY };

static const enum ur_role role_of_word[] = { UR_TEST, UR_VALIDATION, UR_TRAIN };

static struct ur_list model_paths;
static const char *output_path;
static int role_word, by = REWARD, draws = 1000;
static uint64_t seed = 1;
static bool json, per_step, per_item;

static const struct ur_opt opts[] = {
	{ 'm', "model", UR_LIST, &model_paths, 0, 0, "model to score, required; a second one is compared with the first", "FILE", 0 },
	{ 'r', "role", UR_ENUM, &role_word, 0, 0, "steps to score", "test|validation|train", 0 },
	{ 0, "by", UR_ENUM, &by, 0, 0, "network to judge", "reward|policy", 0 },
	{ 'b', "bootstrap", UR_INT, &draws, 0, 100000, "resamples for the bounds; 0 leaves them empty", NULL, 0 },
	{ 0, "seed", UR_U64, &seed, 0, 0, "seed of the resamples", NULL, 0 },
	{ 'j', "json", UR_FLAG, &json, 0, 0, "print the table as one JSON object", NULL, 0 },
	{ 0, "per-step", UR_FLAG, &per_step, 0, 0, "print each step instead of the table", NULL, 0 },
	{ 0, "per-item", UR_FLAG, &per_item, 0, 0, "print each shown item instead of the table", NULL, 0 },
	{ 'o', "output", UR_STR, &output_path, 0, 0, "write to FILE instead of standard output", "FILE", 0 },
	{ 0 }
};
static const struct ur_tool tool = {
	"ur-eval", "score user models on recorded choices", "[options] -m model [-m model] [batches]", opts, NULL
};

/* A model and what is gathered about it. */
struct entry {
	const char *path;
	struct ur_header header;
	struct ur_model model;
	const struct ur_net *net;
	struct ur_work *work;
	struct ur_rule rule;
	struct ur_scores scores;        /* of validation steps, for a sparsemax model's temperature */
	struct ur_metrics metrics;
};

/* The scores of some users, and where to print what is made of them. */
struct scored {
	const struct ur_batch *batch;
	const struct ur_items *items;
	unsigned roles;                 /* of the steps that are scored */
	const real *u;                  /* [batch->K] */
	FILE *out;
};

static void
entry_open(struct entry *entry, const char *path, const struct ur_data *data)
{
	char err[UR_ERR];

	entry->path = path;
	if (ur_model_load(&entry->model, &entry->header, path, err) < 0)
		ur_die("%s", err);
	if (ur_model_fits(&entry->header, &data->header, err) < 0)
		ur_die("%s: %s", path, err);
	if (by == POLICY && entry->model.policy == NULL)
		ur_die("%s: has no policy, expected a model of ur-advtrain --inner network", path);
	entry->net = by == POLICY ? entry->model.policy : entry->model.reward;
	entry->work = ur_work_new();
	ur_rule_of(&entry->rule, &entry->model.arch, by == POLICY);
}

static void
entry_close(struct entry *entry)
{
	ur_metrics_free(&entry->metrics);
	ur_scores_free(&entry->scores);
	ur_work_free(entry->work);
	ur_model_free(&entry->model);
	ur_header_free(&entry->header);
}

/* Users from *next on that have a selected step, as many as are scored at once; how many. */
static size_t
next_chunk(const struct ur_data *data, unsigned roles, size_t *next, uint32_t *users)
{
	size_t n = 0, steps = 0;

	while (*next < data->users && n < CHUNK_USERS && steps < CHUNK_STEPS) {
		size_t u = (*next)++;

		if (ur_data_steps(data, u, roles) == 0)
			continue;
		users[n++] = (uint32_t)u;
		steps += ur_data_steps(data, u, ~0u);
	}
	return n;
}

/* The parameters of a model are finite, what comes of them need not be. */
static void
check_scores(const struct entry *entry, const struct scored *s)
{
	const struct ur_batch *b = s->batch;

	for (int i = 0; i < b->U; i++)
		for (int n = b->user_off[i]; n < b->user_off[i + 1]; n++)
			for (int k = b->item_off[n]; s->roles >> b->role[n] & 1 && k < b->item_off[n + 1]; k++)
				if (!isfinite(s->u[k]))
					ur_die("%s: user %" PRIu64 ": the score of item %" PRIu64 " is not finite", entry->path, b->user[i],
					    s->items->id[b->item[k]]);
}

/* Scores all steps of the role by each model and hands them on, some users at a time. */
static void
visit(struct entry *entries, size_t n, const struct ur_data *data, enum ur_role role, FILE *out,
    void (*take)(struct entry *, const struct scored *))
{
	struct ur_batch batch = { 0 };
	struct scored scored = { &batch, &data->items, 1u << role, NULL, out };
	uint32_t users[CHUNK_USERS];
	size_t next = 0, chunk;

	while ((chunk = next_chunk(data, scored.roles, &next, users)) > 0) {
		ur_data_gather(data, users, chunk, &batch);
		for (size_t i = 0; i < n; i++) {
			scored.u = ur_net_forward(entries[i].net, entries[i].work, &data->items, &batch,
			    scored.roles, false);
			check_scores(&entries[i], &scored);
			take(&entries[i], &scored);
		}
	}
	ur_batch_free(&batch);
}

static void
keep_scores(struct entry *entry, const struct scored *s)
{
	ur_scores_add(&entry->scores, s->batch, s->roles, s->u);
}

static void
add_metrics(struct entry *entry, const struct scored *s)
{
	ur_metrics_add(&entry->metrics, s->batch, s->roles, s->items, s->u);
}

static void
print_step(const struct scored *s, uint64_t user, int n, const struct ur_chances *chances)
{
	int first = s->batch->item_off[n], size = s->batch->item_off[n + 1] - first, pick = s->batch->pick[n];

	fprintf(s->out, "%" PRIu64 "\t%" PRId64 "\t%d\t", user, s->batch->time[n], size);
	if (pick >= 0)
		fprintf(s->out, "%d\t%.9g\n", ur_rank_of(s->u + first, size, pick), chances->p[pick]);
	else if (chances->none > 0)
		fprintf(s->out, "nan\t%.9g\n", chances->none);
	else
		fputs("nan\tnan\n", s->out);
}

static void
print_items(const struct scored *s, uint64_t user, int n, const struct ur_chances *chances)
{
	int first = s->batch->item_off[n], size = s->batch->item_off[n + 1] - first;

	for (int k = 0; k < size; k++)
		fprintf(s->out, "%" PRIu64 "\t%" PRId64 "\t%" PRIu64 "\t%.9g\t%.9g\t%d\n", user, s->batch->time[n],
		    s->items->id[s->batch->item[first + k]], (double)s->u[first + k], chances->p[k],
		    k == s->batch->pick[n]);
}

static void
print_scores(struct entry *entry, const struct scored *s)
{
	const struct ur_batch *batch = s->batch;
	struct ur_chances *chances = &entry->metrics.chances;

	for (int i = 0; i < batch->U; i++)
		for (int n = batch->user_off[i]; n < batch->user_off[i + 1]; n++) {
			int first = batch->item_off[n];

			if (!(s->roles >> batch->role[n] & 1))
				continue;
			ur_rule_chances(&entry->rule, s->u + first, batch->item_off[n + 1] - first, chances);
			(per_step ? print_step : print_items)(s, batch->user[i], n, chances);
		}
}

/* The temperature of a sparsemax model comes from validation steps, so they are scored first. */
static double
fit_scale(struct entry *entry, const struct ur_data *data)
{
	if (!entry->rule.sparsemax)
		return NAN;
	visit(entry, 1, data, UR_VALIDATION, NULL, keep_scores);
	return ur_scores_scale(&entry->scores);
}

static void
print_table(struct entry *entries, size_t n, const struct ur_data *data, enum ur_role role, FILE *out)
{
	struct ur_report report;

	for (size_t i = 0; i < n; i++)
		ur_metrics_init(&entries[i].metrics, &entries[i].rule, fit_scale(&entries[i], data), draws > 0);
	visit(entries, n, data, role, NULL, add_metrics);
	ur_report_make(&report, &entries[0].metrics, n > 1 ? &entries[1].metrics : NULL, draws, seed);
	if (json)
		ur_report_print_json(&report, out);
	else
		ur_report_print(&report, out);
}

static void
print_all(struct entry *entries, size_t n, const struct ur_data *data, FILE *out)
{
	enum ur_role role = role_of_word[role_word];

	if (data->role_steps[role] == 0)
		ur_note("no %s steps in the batches", ur_role_name[role]);
	if (!per_step && !per_item) {
		print_table(entries, n, data, role, out);
		return;
	}
	fputs(per_step ? "user\ttime\tsize\trank\tprobability\n" :
	    "user\ttime\titem\treward\tprobability\tpicked\n", out);
	visit(entries, n, data, role, out, print_scores);
}

static const char *
check_command_line(char **operands)
{
	int standard = ur_is_standard(operands[0]);

	if (model_paths.n == 0)
		ur_usage("-m is required");
	if (model_paths.n > 2)
		ur_usage("-m is given %zu times, expected one model or two", model_paths.n);
	if (per_step + per_item + json > 1)
		ur_usage("--json, --per-step and --per-item exclude each other");
	if (model_paths.n == 2 && (per_step || per_item))
		ur_usage("--per-step and --per-item take one model");
	if (operands[0] != NULL && operands[1] != NULL)
		ur_usage("'%s': one batches file is expected", operands[1]);
	for (size_t i = 0; i < model_paths.n; i++) {
		standard += ur_is_standard(model_paths.item[i]);
		ur_output_differs(output_path, model_paths.item[i]);
	}
	if (standard > 1)
		ur_usage("standard input is one file, and %d are to be read from it", standard);
	ur_output_differs(output_path, operands[0]);
	return operands[0];
}

int
main(int argc, char *argv[])
{
	const char *path = check_command_line(ur_options(&tool, argc, argv));
	struct entry entries[2] = { 0 };
	struct ur_data data;
	struct ur_output out;
	char err[UR_ERR];

	ur_output_open(&out, output_path, UR_TEXT);
	if (ur_data_load(&data, path, err) < 0)
		ur_die("%s", err);
	for (size_t i = 0; i < model_paths.n; i++)
		entry_open(&entries[i], model_paths.item[i], &data);
	print_all(entries, model_paths.n, &data, out.f);
	ur_output_commit(&out);
	for (size_t i = 0; i < model_paths.n; i++)
		entry_close(&entries[i]);
	ur_data_free(&data);
	free(model_paths.item);
	return ur_finish();
}
