/* A checkpoint, as a training resumes from it, and the step after; the first byte chooses the kind of training. */
#include "fuzz.h"

#include "checkpoint.h"
#include "choices.h"

/* What a checkpoint is bound to, the same whatever becomes of initial values: or the corpus would stay outside. */
enum { BATCHES_HASH = 0x0a7c4e5, START_HASH = 0x0573a27 };

static void
resume(const struct ur_data *data, bool policy, bool lazy, const char *path)
{
	struct ur_settings set = {
		.lr = .01, .l2 = .01, .batch = 7, .iterations = 20, .eval_every = 4, .seed = 1, .threads = 1,
		.max_steps = 1, .min_steps = 1, .lazy = lazy
	};
	struct ur_arch arch = {
		.state = UR_LSTM, .hidden = 2, .pw_dim = 1, .pw_band = 1, .layers = 1, .dims = { 2 }, .eta = 1,
		.policy = policy, .policy_layers = 1, .policy_dims = { 2 }
	};
	struct ur_stage stage = { .tool = (char *)"test", .version = (char *)"1" };
	struct ur_train train;
	struct ur_model model;
	char err[UR_ERR];

	ur_arch_input(&arch, &data->header.spec);
	ur_model_init(&model, &arch);
	MUST(ur_train_init(&train, &set, data, &model, err) == 0);
	train.start = START_HASH;
	if (ur_checkpoint_read(&train, &stage, path, err) == 1) {
		ur_train_step(&train, err);
		MUST(train.log_size <= train.log_cap);
	}
	ur_train_free(&train);
	ur_model_free(&model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct ur_data choices;

	if (choices.users == 0) {
		make_choices(&choices, 10, true, 1);
		choices.hash = BATCHES_HASH;
	}
	if (n > 0)
		resume(&choices, data[0] & 1, data[0] & 2, file_of(data + 1, n - 1));
	return 0;
}
