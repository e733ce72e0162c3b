/* peak.c - runs a command and prints the most memory it had, in kB, on the file named first: peak FILE command... */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	struct rusage usage;
	int status;
	pid_t pid;
	FILE *f;

	if (argc < 3 || (pid = fork()) < 0)
		return 99;
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(97);
	}
	if (wait4(pid, &status, 0, &usage) < 0 || (f = fopen(argv[1], "w")) == NULL)
		return 99;
	fprintf(f, "%ld\n", usage.ru_maxrss);
	fclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
