/*
 * err.h - how the library reports an error: it returns -1 and leaves a sentence
 * "file: where: what is wrong, what was expected" in the caller's buffer.
 */
#ifndef UR_ERR_H
#define UR_ERR_H

#define UR_ERR 1024             /* bytes of a message, with its final 0 */

/*
 * int ur_fail(char *err, const char *fmt, ...) formats the message into err [UR_ERR] and returns -1,
 * for `return ur_fail(err, ...)`.  It is a macro so that compilers and analysers see the -1.
 */
#define ur_fail(...) ur_failed(ur_err_format(__VA_ARGS__))

int ur_err_format(char *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline int
ur_failed(int length)
{
	(void)length;
	return -1;
}

#endif
