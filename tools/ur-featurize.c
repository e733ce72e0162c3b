/* ur-featurize - give the items of sessions their features, and each step its role; see ur-featurize(1). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "cli.h"
#include "feature.h"
#include "split.h"
#include "store.h"

enum { BY_USER, BY_TIME };
enum { USERS = 256 };           /* copied at a time */

static const char *features = "id,repeat", *split_text = "8:1:1", *spec_path, *categories, *output;
static struct ur_list properties;
static int min_count = 2, split_by = BY_USER;
static uint64_t seed = 1, skip_bad;
static const struct ur_opt opts[] = {
	{ 'f', "features", UR_STR, &features, .arg = "LIST", .flags = UR_PARAM,
	    .help = "of id, category, root, price, available, repeat, popularity" },
	{ 'c', "min-count", UR_INT, &min_count, 1, INT_MAX, .arg = "N", .flags = UR_PARAM,
	    .help = "training steps that must show an item for it to have a code of its own" },
	{ 's', "split", UR_STR, &split_text, .arg = "A:B:C", .flags = UR_PARAM,
	    .help = "shares of training, validation, test; replaces roles when given" },
	{ 'b', "split-by", UR_ENUM, &split_by, .arg = "user|time", .flags = UR_PARAM,
	    .help = "split whole users, or steps by their time" },
	{ 0, "seed", UR_U64, &seed, .arg = "N", .help = "seed of the split by user" },
	{ 'p', "properties", UR_LIST, &properties, .arg = "FILE",
	    .help = "item_properties.csv; may be given more than once" },
	{ 0, "categories", UR_STR, &categories, .arg = "FILE", .help = "category_tree.csv" },
	{ 0, "skip-bad", UR_U64, &skip_bad, .arg = "N", .help = "leave out up to N bad rows of these files" },
	{ 0, "spec", UR_STR, &spec_path, .arg = "FILE",
	    .help = "take features, and what was learned for them, from these batches or this model" },
	{ 'o', "output", UR_STR, &output, .arg = "FILE", .help = "write the batches to FILE instead of standard output" },
	{ 0 }
};
static const struct ur_tool tool = {
	"ur-featurize", "turn sessions into batches: features for items, roles for steps", "[options] [file ...]", opts, NULL
};

static const char *
input_name(char **files)
{
	return ur_is_standard(files[0]) ? "<stdin>" : files[0];
}

/* Without --features: all that the files given allow, but popularity. */
static void
choose_features(void)
{
	if (ur_given(&features) || properties.n == 0)
		return;
	features = categories != NULL ? "id,category,root,price,available,repeat" : "id,category,price,available,repeat";
}

static void
check_options(struct ur_split *split, struct ur_spec *spec)
{
	char err[UR_ERR];

	if (spec_path != NULL && (ur_given(&features) || ur_given(&min_count)))
		ur_usage("--%s: --spec brings its own", ur_given(&features) ? "features" : "min-count");
	choose_features();
	if (ur_features_parse(spec, features, err) < 0)
		ur_usage("--features: %s", err);
	if (ur_split_parse(split, split_text, err) < 0)
		ur_usage("--split: %s", err);
	spec->min_count = (uint64_t)min_count;
	split->again = ur_given(&split_text);
}

static void
check_files(char **files)
{
	const char *const others[] = { spec_path, categories };

	if (output == NULL)
		return;
	do
		ur_output_differs(output, *files);
	while (*files != NULL && *++files != NULL);
	for (size_t i = 0; i < properties.n; i++)
		ur_output_differs(output, properties.item[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i] != NULL)
			ur_output_differs(output, others[i]);
}

/* Tells the catalogue what the features need, and the user when there is nothing to get it from. */
static void
check_needs(struct ur_catalogue *catalogue, const struct ur_spec *spec)
{
	static const enum ur_property needs[UR_F_COUNT] = {
		[UR_F_ID] = UR_PROPERTIES, [UR_F_REPEAT] = UR_PROPERTIES, [UR_F_POPULARITY] = UR_PROPERTIES,
		[UR_F_CATEGORY] = UR_CATEGORY, [UR_F_ROOT] = UR_CATEGORY,
		[UR_F_PRICE] = UR_PRICE, [UR_F_AVAILABLE] = UR_AVAILABLE
	};

	for (int i = 0; i < spec->features; i++) {
		enum ur_feature f = spec->feature[i];

		if (needs[f] == UR_PROPERTIES)
			continue;
		if (properties.n == 0)
			ur_usage("--properties is needed for the feature %s", ur_feature_name[f]);
		if (f == UR_F_ROOT && categories == NULL)
			ur_usage("--categories is needed for the feature root");
		catalogue->want[needs[f]] = true;
	}
}

/* Takes the spec out of the header of an earlier stream; the options then say what it says. */
static void
read_spec(struct ur_spec *spec)
{
	struct ur_reader r;

	if (ur_reader_open(&r, spec_path, UR_ANY_FORMAT) < 0)
		ur_die("%s", r.err);
	if (!r.header.has_spec)
		ur_die("%s: %s has no features, expected batches or a model", r.in.name,
		    ur_format_name[r.header.format]);
	if (r.header.spec.vector != 0)
		ur_die("%s: %d columns that no feature makes", r.in.name, r.header.spec.vector);
	*spec = r.header.spec;
	r.header.spec = (struct ur_spec){ 0 };
	ur_reader_close(&r);
	features = ur_features_list(spec);
	min_count = spec->min_count < INT_MAX ? (int)spec->min_count : INT_MAX;
}

static void
read_sessions(struct ur_store *store, char **files)
{
	char err[UR_ERR], **file = files;

	do
		if (ur_store_read(store, *file, err) < 0)
			ur_die("%s", err);
	while (*file != NULL && *++file != NULL);
	if (ur_store_sort(store, err) < 0)
		ur_die("%s: %s", input_name(files), err);
}

/* A spec was learned elsewhere: steps without a role are there to be tested with it. */
static void
give_roles(struct ur_store *store, struct ur_split split)
{
	if (spec_path != NULL && !split.again)
		split = (struct ur_split){ .part = { 0, 0, 1 } };
	if (split_by == BY_TIME)
		ur_split_by_time(&split, store);
	else
		ur_split_by_user(&split, store, seed);
}

/* Were the ids of the sessions text? */
static bool
has_hashed_ids(const struct ur_header *header)
{
	for (size_t i = 0; i < header->stages; i++) {
		const struct ur_param *p = ur_params_find(&header->stage[i].args, "hash-ids");

		if (p != NULL && p->type == UR_P_BOOL && p->i != 0)
			return true;
	}
	return false;
}

static bool
reads_properties(const struct ur_catalogue *catalogue)
{
	return properties.n != 0 && (catalogue->want[UR_CATEGORY] || catalogue->want[UR_PRICE] || catalogue->want[UR_AVAILABLE]);
}

static void
read_catalogue(struct ur_catalogue *catalogue, const struct ur_store *store)
{
	char err[UR_ERR];

	catalogue->hash_ids = has_hashed_ids(&store->header);
	catalogue->skip = skip_bad;
	if (categories != NULL && catalogue->want[UR_CATEGORY] &&
	    ur_catalogue_categories(catalogue, categories, err) < 0)
		ur_die("%s", err);
	for (size_t i = 0; reads_properties(catalogue) && i < properties.n; i++)
		if (ur_catalogue_properties(catalogue, store, properties.item[i], err) < 0)
			ur_die("%s", err);
	if (ur_catalogue_build(catalogue, store, err) < 0)
		ur_die("%s: %s", categories, err);
}

/* What went otherwise than expected, where all went well: an error is one line. */
static void
report_catalogue(const struct ur_catalogue *catalogue)
{
	if (catalogue->skipped != 0)
		ur_warn("%ju bad row%s left out, the first: %s", (uintmax_t)catalogue->skipped,
		    catalogue->skipped == 1 ? "" : "s", catalogue->skipped_err);
	if (reads_properties(catalogue) && catalogue->knowns == 0)
		ur_warn("no item has a property in these files by the time it is shown");
	if (categories != NULL && catalogue->unknown != 0)
		ur_note("%s: categories of items that are not in the tree, and so have no root: %zu", categories,
		    catalogue->unknown);
}

static void
copy_user(struct ur_users *out, const struct ur_store *store, size_t u)
{
	const struct ur_users *all = &store->all;
	size_t s = store->step_off[u], k = store->item_off[u];

	ur_users_add_user(out, all->user[u]);
	for (size_t end = s + all->nsteps[u]; s < end; s++) {
		ur_users_add_step(out, all->time[s], all->role[s], all->pick[s]);
		for (size_t last = k + all->size[s]; k < last; k++)
			ur_users_add_row(out, all->row[k], all->rank[k]);
	}
}

static int
write_batches(FILE *f, const struct ur_header *header, const struct ur_items *items, const struct ur_store *store,
    char *err)
{
	struct ur_writer *w = ur_writer_open(f, header);
	struct ur_users out = { 0 };

	ur_writer_items(w, items);
	for (size_t i = 0; i < store->all.users; i++) {
		copy_user(&out, store, store->order[i]);
		if (out.users == USERS || i + 1 == store->all.users)
			ur_writer_users(w, &out);
	}
	ur_users_free(&out);
	return ur_writer_close(w, err);
}

static void
sum_up(const struct ur_store *store, const struct ur_items *items)
{
	size_t steps[UR_NO_ROLE + 1] = { 0 };

	for (size_t s = 0; s < store->all.steps; s++)
		steps[store->all.role[s]]++;
	ur_note("%zu users; %zu steps train, %zu validate, %zu test, %zu are context; %ju rows of items", store->all.users,
	    steps[UR_TRAIN], steps[UR_VALIDATION], steps[UR_TEST], steps[UR_CONTEXT], (uintmax_t)items->rows);
}

/* Hands what the store and the spec hold over to the header, which frees it. */
static struct ur_header
make_header(struct ur_store *store, const struct ur_spec *spec)
{
	struct ur_header header = store->header;

	store->header = (struct ur_header){ 0 };
	header.format = UR_BATCHES;
	header.has_spec = true;
	header.spec = *spec;
	ur_history_add(&header, &seed);
	return header;
}

int
main(int argc, char *argv[])
{
	char **files = ur_options(&tool, argc, argv), err[UR_ERR];
	struct ur_store store = { 0 };
	struct ur_catalogue catalogue = { 0 };
	struct ur_spec spec = { 0 };
	struct ur_items items;
	struct ur_header header;
	struct ur_split split;
	struct ur_output out;

	check_options(&split, &spec);
	check_files(files);
	if (spec_path != NULL)
		read_spec(&spec);
	check_needs(&catalogue, &spec);
	ur_output_open(&out, output, UR_BINARY);
	read_sessions(&store, files);
	give_roles(&store, split);
	read_catalogue(&catalogue, &store);
	ur_catalogue_join(&catalogue, &store);
	if (spec_path == NULL && ur_features_learn(&spec, &store, &catalogue, err) < 0)
		ur_die("%s: %s", input_name(files), err);
	ur_features_items(&items, &spec, &store, &catalogue);
	header = make_header(&store, &spec);
	if (write_batches(out.f, &header, &items, &store, err) < 0)
		ur_die("%s: %s", out.name, err);
	ur_output_commit(&out);
	report_catalogue(&catalogue);
	if (ur_verbose)
		sum_up(&store, &items);
	ur_header_free(&header);
	ur_items_free(&items);
	ur_catalogue_free(&catalogue);
	ur_store_free(&store);
	free(properties.item);
	return ur_finish();
}
