/* Batches as they are trained on: the same from a file and a pipe, and what follows from the stream. */
#include "streams.h"

#include <math.h>
#include <sys/wait.h>

#include "rng.h"

enum { ROWS = 40, USERS = 300 };

/*
 * A random stream over 40 rows of 25 items: users of up to 30 steps, and one whose steps fill
 * several frames.
 */
static struct ur_items random_items;

static void
fill_items(struct ur_rng *rng)
{
	static uint64_t id[ROWS];
	static uint32_t code[ROWS], shown[ROWS], picked[ROWS];
	static real x[2 * ROWS];

	for (int i = 0; i < ROWS; i++) {
		id[i] = 1000 - (uint64_t)(i % 25);
		code[i] = (uint32_t)ur_rng_below(rng, 2);
		shown[i] = (uint32_t)(i % 25) * 3;
		x[2 * i] = (float)ur_rng_normal(rng);
	}
	random_items = (struct ur_items){ .rows = ROWS, .dense = 2, .onehots = 1, .id = id, .x = x, .code = code,
	    .shown = shown, .picked = picked };
}

static void
random_step(struct ur_users *users, struct ur_rng *rng, int64_t time)
{
	int size = 1 + (int)ur_rng_below(rng, 12);
	enum ur_role role = (enum ur_role)ur_rng_below(rng, 4);

	ur_users_add_step(users, time, role, (int32_t)ur_rng_below(rng, (uint64_t)size + 1) - 1);
	for (int k = 0; k < size; k++)
		ur_users_add_row(users, (uint32_t)ur_rng_below(rng, ROWS), (uint16_t)ur_rng_below(rng, 65536));
}

static void
random_users(struct ur_users *users, struct ur_rng *rng)
{
	for (uint64_t u = 0; u < USERS; u++) {
		size_t steps = u == 100 ? 30000 : 1 + ur_rng_below(rng, 30);

		ur_users_add_user(users, 3 * u + 1);
		for (size_t s = 0; s < steps; s++)
			random_step(users, rng, (int64_t)s);
	}
}

static struct bytes
random_stream(uint64_t seed, struct ur_users *users)
{
	struct ur_header header;
	struct ur_users copy = { 0 };
	struct ur_rng rng;
	struct ur_writer *w;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	make_header(&header, UR_BATCHES);
	w = ur_writer_open(f, &header);
	ur_rng_seed(&rng, seed, 0);
	fill_items(&rng);
	ur_writer_items(w, &random_items);
	random_users(users, &rng);
	ur_rng_seed(&rng, seed, 0);
	fill_items(&rng);
	random_users(&copy, &rng);
	ur_writer_users(w, &copy);
	assert_int_equal(ur_writer_close(w, err), 0);
	fclose(f);
	ur_users_free(&copy);
	ur_header_free(&header);
	return b;
}

static void
gather_all(const struct ur_data *data, struct ur_batch *batch)
{
	uint32_t *all = ur_alloc(data->users, sizeof *all);

	for (uint32_t u = 0; u < data->users; u++)
		all[u] = u;
	ur_data_gather(data, all, data->users, batch);
	free(all);
}

static void
assert_batch_is(const struct ur_batch *batch, const struct ur_users *users)
{
	size_t s = 0, k = 0;

	assert_int_equal(batch->U, users->users);
	assert_int_equal(batch->N, users->steps);
	assert_int_equal(batch->K, users->items);
	assert_memory_equal(batch->user, users->user, users->users * 8);
	assert_memory_equal(batch->time, users->time, users->steps * 8);
	assert_memory_equal(batch->role, users->role, users->steps);
	assert_memory_equal(batch->pick, users->pick, users->steps * 4);
	assert_memory_equal(batch->item, users->row, users->items * 4);
	assert_memory_equal(batch->rank, users->rank, users->items * 2);
	for (size_t u = 0; u < users->users; u++) {
		assert_int_equal(batch->user_off[u], s);
		for (size_t end = s + users->nsteps[u]; s < end; k += users->size[s++])
			assert_int_equal(batch->item_off[s], k);
	}
	assert_int_equal(batch->user_off[users->users], s);
	assert_int_equal(batch->item_off[s], k);
}

/* The page features of shown item k of step s, by going through all earlier steps of the user. */
static void
naive_page(const struct ur_batch *b, int user, int step, int k, real page[3])
{
	uint64_t id = random_items.id[b->item[k]];
	uint32_t shown = random_items.shown[b->item[k]];

	page[0] = page[1] = 0;
	for (int s = b->user_off[user]; s < step; s++)
		for (int j = b->item_off[s]; j < b->item_off[s + 1]; j++)
			if (random_items.id[b->item[j]] == id) {
				page[0] = 1;
				if (j - b->item_off[s] == b->pick[s])
					page[1] = 1;
			}
	if (b->role[step] == UR_TRAIN && shown > 0)
		shown--;
	page[2] = (real)((log1p(shown) - .5) / 2);
}

static void
test_gather_and_page_features(void **state)
{
	struct ur_users users = { 0 };
	struct bytes b = random_stream(1, &users);
	struct ur_data data;
	struct ur_batch batch = { 0 };
	char err[UR_ERR];
	real page[3];

	(void)state;
	assert_int_equal(ur_data_load(&data, file_of_bytes(b), err), 0);
	assert_int_equal(data.users, USERS);
	assert_int_equal(data.steps, users.steps);
	assert_int_equal(data.shown, users.items);
	gather_all(&data, &batch);
	assert_batch_is(&batch, &users);
	assert_int_equal(batch.P, 3);
	for (int u = 0; u < batch.U; u++)
		for (int s = batch.user_off[u]; s < batch.user_off[u + 1] && s < batch.user_off[u] + 200; s++)
			for (int k = batch.item_off[s]; k < batch.item_off[s + 1]; k++) {
				naive_page(&batch, u, s, k, page);
				for (int p = 0; p < 3; p++)
					assert_true(batch.page[3 * k + p] == page[p]);
			}
	ur_batch_free(&batch);
	ur_data_free(&data);
	ur_users_free(&users);
	free(b.p);
}

static void
test_counts(void **state)
{
	struct ur_users users = { 0 };
	struct bytes b = random_stream(2, &users);
	struct ur_data data;
	char err[UR_ERR];
	size_t s = 0;

	(void)state;
	assert_int_equal(ur_data_load(&data, file_of_bytes(b), err), 0);
	for (size_t u = 0; u < users.users; u++) {
		uint32_t n = 0, both = 0;

		for (size_t end = s + users.nsteps[u]; s < end; s++) {
			n += users.role[s] == UR_TEST;
			both += users.role[s] == UR_TEST || users.role[s] == UR_TRAIN;
		}
		assert_int_equal(ur_data_user(&data, u), users.user[u]);
		assert_int_equal(ur_data_steps(&data, u, 1 << UR_TEST), n);
		assert_int_equal(ur_data_steps(&data, u, 1 << UR_TEST | 1 << UR_TRAIN), both);
		assert_int_equal(ur_data_steps(&data, u, 15), users.nsteps[u]);
		assert_int_equal(ur_data_steps(&data, u, 0), 0);
	}
	for (int role = 0; role < UR_NO_ROLE; role++) {
		size_t steps = 0, picks = 0;

		for (s = 0; s < users.steps; s++) {
			steps += users.role[s] == role;
			picks += users.role[s] == role && users.pick[s] >= 0;
		}
		assert_int_equal(data.role_steps[role], steps);
		assert_int_equal(data.role_picks[role], picks);
	}
	ur_data_free(&data);
	ur_users_free(&users);
	free(b.p);
}

/* A batch of some users, in any order, with repeats, into buffers used before. */
static void
test_gather_some(void **state)
{
	static const uint32_t pick[] = { 299, 100, 0, 100, 7 };
	struct ur_users users = { 0 };
	struct bytes b = random_stream(3, &users);
	struct ur_data data;
	struct ur_batch all = { 0 }, some = { 0 };
	char err[UR_ERR];

	(void)state;
	assert_int_equal(ur_data_load(&data, file_of_bytes(b), err), 0);
	gather_all(&data, &all);
	ur_data_gather(&data, pick, 0, &some);
	assert_true(some.U == 0 && some.N == 0 && some.K == 0 && some.user_off[0] == 0 && some.item_off[0] == 0);
	for (int round = 0; round < 2; round++)
		ur_data_gather(&data, pick, 5, &some);
	assert_int_equal(some.U, 5);
	for (int i = 0; i < 5; i++) {
		int from = all.user_off[pick[i]], to = some.user_off[i], n = some.user_off[i + 1] - to;
		int k = all.item_off[from], j = some.item_off[to], items = some.item_off[to + n] - j;

		assert_int_equal(some.user[i], all.user[pick[i]]);
		assert_int_equal(n, all.user_off[pick[i] + 1] - from);
		assert_memory_equal(some.pick + to, all.pick + from, (size_t)n * 4);
		assert_memory_equal(some.item + j, all.item + k, (size_t)items * 4);
		assert_memory_equal(some.page + 3 * j, all.page + 3 * k, (size_t)items * 3 * sizeof(real));
	}
	ur_batch_free(&all);
	ur_batch_free(&some);
	ur_data_free(&data);
	ur_users_free(&users);
	free(b.p);
}

/* A path that is a pipe from which the bytes can be read once. */
static pid_t
pipe_of(struct bytes b, char *path, int *end)
{
	int fd[2];
	pid_t child;

	assert_int_equal(pipe(fd), 0);
	child = fork();
	if (child == 0) {
		close(fd[0]);
		for (size_t i = 0; i < b.n;) {
			ssize_t r = write(fd[1], b.p + i, b.n - i);

			if (r < 0)
				_exit(1);
			i += (size_t)r;
		}
		_exit(0);
	}
	close(fd[1]);
	*end = fd[0];
	sprintf(path, "/proc/self/fd/%d", fd[0]);
	return child;
}

static void
test_pipe_is_file(void **state)
{
	struct ur_users users = { 0 };
	struct bytes b = random_stream(4, &users);
	struct ur_data file, piped;
	struct ur_batch a = { 0 }, c = { 0 };
	char err[UR_ERR], path[32];
	int end, status;
	pid_t child = pipe_of(b, path, &end);

	(void)state;
	assert_int_equal(ur_data_load(&piped, path, err), 0);
	close(end);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(ur_data_load(&file, file_of_bytes(b), err), 0);
	gather_all(&file, &a);
	gather_all(&piped, &c);
	assert_true(a.N == c.N && a.K == c.K && a.P == c.P);
	assert_memory_equal(a.item, c.item, (size_t)a.K * 4);
	assert_memory_equal(a.page, c.page, (size_t)a.K * 3 * sizeof(real));
	assert_memory_equal(a.item_off, c.item_off, (size_t)(a.N + 1) * sizeof(int));
	ur_batch_free(&a);
	ur_batch_free(&c);
	ur_data_free(&file);
	ur_data_free(&piped);
	ur_users_free(&users);
	free(b.p);
}

static void
test_loading_refuses(void **state)
{
	struct bytes b = make_stream(UR_BATCHES), sessions = make_stream(UR_SESSIONS);
	struct ur_data data;
	char err[UR_ERR];

	(void)state;
	for (size_t n = 0; n < b.n; n++) {
		assert_int_equal(ur_data_load(&data, file_of(b.p, n), err), -1);
		ur_data_free(&data);
	}
	for (size_t bit = 0; bit < 8 * b.n; bit++) {
		b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(ur_data_load(&data, file_of_bytes(b), err), -1);
		ur_data_free(&data);
		b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(ur_data_load(&data, file_of_bytes(sessions), err), -1);
	assert_non_null(strstr(err, "ur-sessions, expected ur-batches"));
	ur_data_free(&data);
	ur_data_free(&data);
	free(b.p);
	free(sessions.p);
}

/* No users at all is a stream too. */
static void
test_no_users(void **state)
{
	struct ur_header header;
	struct ur_data data;
	struct ur_batch batch = { 0 };
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	(void)state;
	make_header(&header, UR_BATCHES);
	assert_int_equal(ur_writer_close(ur_writer_open(f, &header), err), 0);
	fclose(f);
	assert_int_equal(ur_data_load(&data, file_of_bytes(b), err), 0);
	assert_true(data.users == 0 && data.steps == 0 && data.items.rows == 0);
	ur_data_gather(&data, NULL, 0, &batch);
	assert_int_equal(batch.N, 0);
	ur_batch_free(&batch);
	ur_data_free(&data);
	ur_header_free(&header);
	free(b.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gather_and_page_features),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_gather_some),
		cmocka_unit_test(test_pipe_is_file),
		cmocka_unit_test(test_loading_refuses),
		cmocka_unit_test(test_no_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
