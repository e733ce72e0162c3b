/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is one LLVMFuzzerTestOneInput, linked with libFuzzer by `make fuzz` and with replay.c
 * by `make check`.  frame.c is compiled without its checksums here (UR_FUZZING), so that what is
 * behind them is met.  A target may fail only by a crash: what readers return is not judged,
 * but what they accept must hold what they promise.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "streams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A promise is broken. */
#define MUST(x) ((x) ? (void)0 : abort())

/* A stream of a header, up to two payloads and an END that says `records`. */
static inline struct bytes
fuzz_stream(const struct ur_pack *header, const enum ur_kind *kind, const struct ur_pack *payload, size_t payloads,
    uint64_t records)
{
	struct ur_frame_writer w;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	ur_frames_begin(&w, f);
	ur_frames_put(&w, UR_K_HEADER, header->data, header->n, err);
	for (size_t i = 0; i < payloads; i++)
		ur_frames_put(&w, kind[i], payload[i].data, payload[i].n, err);
	ur_frames_end(&w, records);
	fclose(f);
	return b;
}

/* The usual header of a format, packed. */
static inline struct ur_pack
fuzz_header(enum ur_format format)
{
	struct ur_header header;
	struct ur_pack p = { 0 };
	char err[UR_ERR];

	make_header(&header, format);
	ur_header_pack(&p, &header, err);
	ur_header_free(&header);
	return p;
}

/* Does what a trainer does with batches: loads them whole and gathers every user. */
static inline void
fuzz_load(const char *path)
{
	struct ur_data data;
	struct ur_batch batch = { 0 };
	char err[UR_ERR];

	if (ur_data_load(&data, path, err) == 0)
		for (uint32_t u = 0; u < data.users; u++) {
			ur_data_gather(&data, &u, 1, &batch);
			MUST(batch.N > 0 && (uint32_t)batch.N == ur_data_steps(&data, u, ~0u));
			for (int k = 0; k < batch.K; k++)
				MUST(batch.item[k] < data.items.rows);
		}
	ur_batch_free(&batch);
	ur_data_free(&data);
}

/* Reads a stream as it comes, then as a whole: both must say the same. */
static inline void
fuzz_read(struct bytes b, enum ur_format format)
{
	const char *path = file_of_bytes(b);
	char err[UR_ERR];

	read_all(path, format, err);
	if (format == UR_BATCHES)
		fuzz_load(path);
}

#endif
