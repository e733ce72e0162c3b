/* replay.c - main of a fuzz target built without libFuzzer: runs it on the files of the folders named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);
	size_t n;

	if (f == NULL || data == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(data, 1, 1 << 20, f);
	data = realloc(data, n + (n == 0));     /* so that reading beyond the end is found */
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	fclose(f);
}

static size_t
replay_folder(const char *folder)
{
	struct dirent **entry;
	int files = scandir(folder, &entry, NULL, alphasort);
	size_t done = 0;

	if (files < 0) {
		perror(folder);
		exit(1);
	}
	for (int i = 0; i < files; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.') {
			replay_file(path);
			done++;
		}
		free(entry[i]);
	}
	free(entry);
	return done;
}

int
main(int argc, char *argv[])
{
	size_t done = 0;

	for (int i = 1; i < argc; i++)
		done += replay_folder(argv[i]);
	fprintf(stderr, "%zu inputs\n", done);
	return done == 0;
}
