/*
 * others.h - what other visitors viewed last, at each view of a log that continues a
 * visitor's browsing: display sets for --pick view of rr-sessionize(1).
 *
 * A view is a pick unless it is the visitor's first or of the same item as the one before it.
 * The set is the pick and the `room` distinct other items viewed last before it, in the order
 * of (time, visitor, item), by other visitors.
 */
#ifndef UR_OTHERS_H
#define UR_OTHERS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "events.h"

struct ur_others;

/*
 * From sorted events, which are not needed afterwards.  ahead: how many items of sets may be kept, 4 bytes
 * each; with fewer than all of them the log is gone through more often.  NULL with err where there are
 * too many events.
 */
struct ur_others *ur_others_new(const struct ur_events *events, size_t room, size_t ahead, char *err);
/*
 * The next set, in the order of the picks by (visitor, time, item): the other items in item [room], last
 * viewed first; returns how many.  *rank is how many of them were viewed, by others, after the pick was.
 */
size_t ur_others_next(struct ur_others *others, const uint64_t **item, size_t *rank);
void ur_others_free(struct ur_others *others);

#endif
