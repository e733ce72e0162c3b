/* rr-synth - make up a shop and its click log, from a known user model; see rr-synth(1). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "mem.h"
#include "synth.h"

static const char *scale = "sample", *folder, *truth_path;
static uint64_t seed = 1;
static const struct ur_opt opts[] = {
	{ 's', "scale", UR_STR, &scale, .arg = "full|sample|X", .flags = UR_PARAM,
	    .help = "size: the real dataset's, its bundled sample's, or a multiple of the real one's" },
	{ 0, "seed", UR_U64, &seed, .arg = "N", .help = "seed of all random numbers" },
	{ 't', "truth", UR_STR, &truth_path, .arg = "FILE", .help = "write the model that picks to FILE" },
	{ 'o', "output", UR_STR, &folder, .arg = "DIR", .help = "folder for the files; made if missing" },
	{ 0 }
};
static const struct ur_tool tool = {
	"rr-synth", "make up a shop and its click log, from a known user model", "[options] -o dir", opts, NULL
};

enum { EVENTS, PART1, PART2, TREE, FILES };
static const char *const file_name[FILES] = {
	"events.csv", "item_properties_part1.csv", "item_properties_part2.csv", "category_tree.csv"
};
static char *path[FILES];

static void
open_files(struct ur_output *out)
{
	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		ur_die("%s: %s", folder, strerror(errno));
	for (int i = 0; i < FILES; i++) {
		path[i] = ur_alloc(strlen(folder) + strlen(file_name[i]) + 2, 1);
		sprintf(path[i], "%s/%s", folder, file_name[i]);
		ur_output_open(&out[i], path[i], UR_TEXT);
	}
}

static void
write_truth(const struct ur_truth *truth, const struct ur_shop *shop, struct ur_output *out)
{
	struct ur_header header = { 0 };
	char err[UR_ERR];

	ur_history_add(&header, &seed);
	if (ur_truth_write(truth, shop, &header, out->f, err) < 0)
		ur_die("%s: %s", out->name, err);
	ur_header_free(&header);
}

int
main(int argc, char *argv[])
{
	char **operands = ur_options(&tool, argc, argv), err[UR_ERR];
	struct ur_output out[FILES], truth_out = { 0 };
	struct ur_synth_size size;
	struct ur_truth truth;
	struct ur_shop shop;

	if (*operands != NULL)
		ur_usage("%s: there is no input, expected options alone", *operands);
	if (folder == NULL)
		ur_usage("-o is required");
	if (ur_synth_scale(&size, scale, err) < 0)
		ur_usage("--scale: %s", err);
	open_files(out);
	if (truth_path != NULL)
		ur_output_open(&truth_out, truth_path, UR_BINARY);
	ur_shop_init(&shop, &size, seed);
	ur_truth_draw(&truth, seed);
	ur_shop_write_tree(&shop, out[TREE].f);
	ur_synth_log(&shop, &truth, out[EVENTS].f);
	ur_shop_write_properties(&shop, out[PART1].f, out[PART2].f);
	if (truth_path != NULL)
		write_truth(&truth, &shop, &truth_out);
	for (int i = 0; i < FILES; i++)
		ur_output_settle(&out[i]);
	if (truth_path != NULL)
		ur_output_settle(&truth_out);
	for (int i = 0; i < FILES; i++) {
		ur_output_commit(&out[i]);
		free(path[i]);
	}
	if (truth_path != NULL)
		ur_output_commit(&truth_out);
	ur_shop_free(&shop);
	return ur_finish();
}
