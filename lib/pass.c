#include <stdlib.h>

#include "mem.h"
#include "pass.h"

enum { CHUNK = 256 };                   /* users */
static const size_t budget = 1 << 20;   /* shown items kept, about 20 MB */

static size_t
chunk_users(const struct ur_pass *pass, size_t i)
{
	size_t left = pass->users - i * CHUNK;

	return left < CHUNK ? left : CHUNK;
}

static void
gather(const struct ur_pass *pass, size_t i, struct ur_batch *batch)
{
	ur_data_gather(pass->data, pass->user + i * CHUNK, chunk_users(pass, i), batch);
}

static void
keep_some(struct ur_pass *pass)
{
	size_t items = 0;

	pass->kept = ur_calloc(pass->chunks, sizeof *pass->kept);
	while (pass->kept_chunks < pass->chunks && items < budget) {
		struct ur_batch *batch = &pass->kept[pass->kept_chunks];

		gather(pass, pass->kept_chunks++, batch);
		items += (size_t)batch->K;
	}
}

void
ur_pass_init(struct ur_pass *pass, const struct ur_data *data, unsigned roles)
{
	*pass = (struct ur_pass){ .data = data };
	pass->user = ur_alloc(data->users, sizeof *pass->user);
	for (size_t u = 0; u < data->users; u++)
		if (ur_data_steps(data, u, roles) > 0)
			pass->user[pass->users++] = (uint32_t)u;
	pass->chunks = (pass->users + CHUNK - 1) / CHUNK;
	keep_some(pass);
}

const struct ur_batch *
ur_pass_chunk(const struct ur_pass *pass, size_t i, struct ur_batch *spare)
{
	if (i < pass->kept_chunks)
		return &pass->kept[i];
	gather(pass, i, spare);
	return spare;
}

void
ur_pass_free(struct ur_pass *pass)
{
	for (size_t i = 0; i < pass->kept_chunks; i++)
		ur_batch_free(&pass->kept[i]);
	free(pass->kept);
	free(pass->user);
	*pass = (struct ur_pass){ 0 };
}
