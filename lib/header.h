/*
 * header.h - the HEADER of a stream as msgpack; within the library.
 */
#ifndef UR_HEADER_H
#define UR_HEADER_H

#include "mp.h"
#include "rec.h"

enum { UR_MAJOR = 1, UR_MINOR = 0 };    /* what is written; another major is refused */

/* Appends the map; 0, or -1 with err when a number in it is not finite. */
int ur_header_pack(struct ur_pack *p, const struct ur_header *header, char *err);
void ur_history_pack(struct ur_pack *p, const struct ur_header *header);
/* Reads the payload of a HEADER into a zeroed header; err says what is wrong, not where. */
int ur_header_unpack(struct ur_header *header, const uint8_t *payload, size_t n, char *err);

void ur_spec_pack(struct ur_pack *p, const struct ur_spec *spec);
int ur_spec_unpack(struct ur_spec *spec, const struct ur_mp *map, char *err);

#endif
