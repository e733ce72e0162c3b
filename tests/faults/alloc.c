/*
 * alloc.c - fails the Nth request for memory that our own code makes (or for a stream or a thread), N from the
 * environment variable UR_FAIL_ALLOC; a byte written to the descriptor UR_FAIL_FD tells that it came to that.
 *
 * Linked into the tools of build/faults with --wrap, which redirects what our objects refer to
 * and leaves alone what libraries do among themselves.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long count;

static void
tell(const void *what, size_t n)
{
	const char *fd = getenv("UR_FAIL_FD");

	if (fd != NULL && write(atoi(fd), what, n) != (ssize_t)n)
		abort();
}

static bool
fails(void)
{
	const char *n = getenv("UR_FAIL_ALLOC");
	long now = ++count;

	if (n == NULL || now != atol(n))
		return false;
	tell("", 1);
	errno = ENOMEM;
	return true;
}

/* With N = 0 nothing fails, and the number of requests is told. */
__attribute__((destructor)) static void
tell_count(void)
{
	const char *n = getenv("UR_FAIL_ALLOC");
	long all = count;

	if (n != NULL && atol(n) == 0)
		tell(&all, sizeof all);
}

#define WRAP(type, name, parameters, arguments, failure) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters { return fails() ? failure : __real_##name arguments; }

WRAP(void *, malloc, (size_t n), (n), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *p, size_t n), (p, n), NULL)
WRAP(void *, aligned_alloc, (size_t align, size_t n), (align, n), NULL)
WRAP(char *, strdup, (const char *s), (s), NULL)
WRAP(char *, strndup, (const char *s, size_t n), (s, n), NULL)
WRAP(char *, realpath, (const char *path, char *to), (path, to), NULL)
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL)
WRAP(int, pthread_create, (pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *p), (t, a, f, p), EAGAIN)
