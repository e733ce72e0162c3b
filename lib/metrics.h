/*
 * metrics.h - figures over recorded choices; see ur-eval(1) for their definitions.
 *
 * The caller owns the structs; ur_metrics_free accepts zeros.  Ties count against the model unless a
 * figure says otherwise: the rank of a pick is the number of other items with u >= its own.
 */
#ifndef UR_METRICS_H
#define UR_METRICS_H

#include <stdio.h>

#include "model.h"

/* What the trainers watch: sums over steps, divide by `steps` or `picks`. */
struct ur_brief {
	double loss;            /* the training loss, summed over loss_steps */
	size_t loss_steps;
	double hit1, hit2;      /* picks with rank 0; 0 or 1; ties count against the model */
	size_t picks;           /* steps with a pick */
};

/* Adds the hits of the selected steps by u [batch->K]; the loss is the caller's. */
void ur_brief_add(struct ur_brief *brief, const struct ur_batch *batch, unsigned roles, const real *u);

/* Other items with u >= the pick's (a NaN is as good as any); u [n]. */
int ur_rank_of(const real *u, int n, int pick);

/* --- probabilities of a step ------------------------------------------- */

/* How scores become probabilities: a model's own rule, or the softmax of a policy. */
struct ur_rule {
	bool sparsemax;                 /* projection of eta * u on the simplex, else softmax */
	enum ur_no_click no_click;      /* of the softmax */
	double eta;
};

struct ur_chances {
	double *p;              /* [n] probabilities of the shown items */
	double none;            /* of no click; 0 without one */
	double log_sum;         /* log of the sum of exp(u) over the shown items */
	double log_all;         /* the same with the no-click, if there is one */
	size_t cap;
};

void ur_rule_of(struct ur_rule *rule, const struct ur_arch *arch, bool policy);
/* Fills c for the scores u [n]; stable for every finite u.  c->p grows as needed, free(c->p) when done. */
void ur_rule_chances(const struct ur_rule *rule, const real *u, int n, struct ur_chances *c);

/* --- a temperature for sparsemax models --------------------------------- */

/* Scores of steps with a pick, kept to fit the scale at which a softmax of them is likeliest. */
struct ur_scores {
	real *u;                /* [items] */
	int *size, *pick;       /* [steps] */
	size_t steps, items, u_cap, size_cap, pick_cap;
};

void ur_scores_add(struct ur_scores *scores, const struct ur_batch *batch, unsigned roles, const real *u);
/* The scale s > 0 at which the mean nll of softmax(s u) is least, in 1e-6 .. 1e6, the least such s; NaN without steps. */
double ur_scores_scale(const struct ur_scores *scores);
void ur_scores_free(struct ur_scores *scores);

/* --- all figures --------------------------------------------------------- */

enum { UR_BINS = 15 };

/* What is summed over the steps of a user; every figure is a function of such sums. */
enum ur_sum {
	UR_S_USERS, UR_S_STEPS, UR_S_PICKS, UR_S_SINGLES, UR_S_SINGLE_PICKS, UR_S_SHOWN,
	UR_S_NLL, UR_S_NLL_STEPS, UR_S_NLL_PICK, UR_S_LOG_SIZE,
	UR_S_HIT1, UR_S_HIT2, UR_S_RECIPROCAL, UR_S_GAIN, UR_S_AVERAGE1, UR_S_AVERAGE2,
	UR_S_CHANCE1, UR_S_CHANCE2, UR_S_POPULAR1, UR_S_POPULAR2, UR_S_RANK1, UR_S_RANK2,
	UR_S_FENCHEL, UR_S_SCALED, UR_S_BINNED,
	UR_S_BIN,               /* UR_BINS columns: sum of probability - picked over the items of a bin */
	UR_SUMS = UR_S_BIN + UR_BINS
};

struct ur_metrics {
	struct ur_rule rule;
	double scale;           /* of nll_temp (sparsemax), from ur_scores_scale */
	double sum[UR_SUMS];    /* over all users */
	double largest;         /* |u| */
	bool keep;              /* keep the sums of each user, for a bootstrap */
	double *user_sum;       /* [users, UR_SUMS] */
	double *user_largest;   /* [users] */
	size_t users;           /* with a selected step */
	size_t sum_cap, largest_cap;
	struct ur_chances chances;      /* scratch */
};

void ur_metrics_init(struct ur_metrics *metrics, const struct ur_rule *rule, double scale, bool keep);
/* Adds the selected steps of whole users; u [batch->K]; items give the popularity of a row. */
void ur_metrics_add(struct ur_metrics *metrics, const struct ur_batch *batch, unsigned roles,
    const struct ur_items *items, const real *u);
void ur_metrics_free(struct ur_metrics *metrics);

/* --- the table ----------------------------------------------------------- */

enum { UR_FIGURES = 30 };

struct ur_figure {
	double value, low, high;        /* NaN where undefined */
};

struct ur_report {
	struct ur_figure figure[UR_FIGURES];            /* of the first model */
	struct ur_figure difference[UR_FIGURES];        /* second minus first */
	bool sparsemax[2];      /* which models have the figures of a sparsemax */
	bool paired, bounds;    /* are there differences? intervals? */
};

/*
 * Works out the figures of one model, or of two over the same users (b not NULL) with their
 * differences.  With draws > 0 the bounds are the 2.5 and 97.5 percentiles over that many
 * resamples of the users with replacement, each of the same users for both models (Efron 1979);
 * resamples where a figure is undefined are left out of its bounds.
 */
void ur_report_make(struct ur_report *report, const struct ur_metrics *a, const struct ur_metrics *b,
    int draws, uint64_t seed);
void ur_report_print(const struct ur_report *report, FILE *f);          /* TSV with a header */
void ur_report_print_json(const struct ur_report *report, FILE *f);

#endif
