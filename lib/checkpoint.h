/*
 * checkpoint.h - the state of a training on disk, so that one that was killed goes on as if it never had been.
 *
 * A checkpoint is a stream of frames as in ur-streams(5) with format "ur-checkpoint".  It is private to the
 * program that wrote it: numbers are kept in its own precision, and another version may refuse it.
 */
#ifndef UR_CHECKPOINT_H
#define UR_CHECKPOINT_H

#include <stdio.h>

#include "rec.h"
#include "train.h"

/* stage: the options in force, whose values the checkpoint is bound to (all but "iterations").  0, or -1 with err. */
int ur_checkpoint_write(const struct ur_train *train, const struct ur_stage *stage, FILE *f, char *err);
/*
 * Puts the state at path into a training just begun: 1; 0 when there is no such file; -1 with err when it is
 * damaged, or comes from other options, batches or starting values than these.
 */
int ur_checkpoint_read(struct ur_train *train, const struct ur_stage *stage, const char *path, char *err);

#endif
