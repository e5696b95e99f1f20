/* Runs a program and then burns a fraction of what it just cost, so that the pair is slower by a known amount.
 *
 *     cc -O2 -pthread -o slowed scripts/slowed.c
 *     slowed 0.10 PROGRAM ARGUMENTS...
 *
 * The slowdown lies outside the program: nothing of it is changed. After a run of w seconds that used c seconds of CPU,
 * ceil(c / w) threads use fraction * c seconds of CPU together, and at least fraction * w seconds pass: both CPU and wall
 * time grow by the fraction. Other programs make the extra work wait as they made the program wait. The exit status is
 * the program's; the program dies with this one. Used by scripts/record_pools.py and for live gates (docs/gate.md).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double of_timeval(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

/* Uses *amount seconds of this thread's own CPU time. */
static void *burn(void *amount) {
    double end = seconds(CLOCK_THREAD_CPUTIME_ID) + *(double *)amount;
    volatile double value = 1;
    while (seconds(CLOCK_THREAD_CPUTIME_ID) < end) {
        for (int i = 0; i < 2000; i++) value = value * 1.0000001 + 1e-9;
    }
    return NULL;
}

static void slow_down(double fraction, double wall, double cpu) {
    double start = seconds(CLOCK_MONOTONIC);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int count = (int)ceil(cpu / wall);
    if (count > online) count = (int)online;
    if (count < 1) count = 1;
    double share = fraction * cpu / count;
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    int started = 0;
    while (threads && started < count - 1 && pthread_create(&threads[started], NULL, burn, &share) == 0) started++;
    double own = share * (count - started);
    burn(&own);
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
    free(threads);
    double rest = start + fraction * wall - seconds(CLOCK_MONOTONIC);
    if (rest > 0) {
        struct timespec pause = {(time_t)rest, (long)((rest - floor(rest)) * 1e9)};
        nanosleep(&pause, NULL);
    }
}

int main(int count, char **arguments) {
    char *end = NULL;
    double fraction = count > 2 ? strtod(arguments[1], &end) : -1;
    if (!(fraction >= 0 && fraction <= 10) || *end) {
        fprintf(stderr, "usage: slowed FRACTION PROGRAM ARGUMENTS...   (0.10: 10 %% slower)\n");
        return 64;
    }
    double start = seconds(CLOCK_MONOTONIC);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
        execv(arguments[2], arguments + 2);
        fprintf(stderr, "slowed: %s: %s\n", arguments[2], strerror(errno));
        _exit(127);
    }
    if (child < 0) {
        perror("slowed: fork");
        return 1;
    }
    int status = 0;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            perror("slowed: wait4");
            return 1;
        }
    }
    double wall = seconds(CLOCK_MONOTONIC) - start;
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
        return 1;
    }
    if (WEXITSTATUS(status) == 0 && fraction > 0) {
        slow_down(fraction, wall, of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime));
    }
    return WEXITSTATUS(status);
}
