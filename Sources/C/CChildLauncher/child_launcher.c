#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "child_launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#endif

/// What the child writes just before exec (step 0) and again when a step or exec itself failed.
struct child_report {
    int step;
    int error_number;
    int64_t time_ns;
};

/// Shared by the caller and the launching thread until the launch is reported; then the thread owns nothing of it.
struct launch {
    const struct child_request *request;
    struct child_started *started;
    int exit_write;
    long descriptor_limit;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    int done;
};

static int64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int child_pipe(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

static ssize_t read_all(int descriptor, void *buffer, size_t size) {
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(descriptor, (char *)buffer + got, size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static void write_all(int descriptor, const void *buffer, size_t size) {
    size_t put = 0;
    while (put < size) {
        ssize_t n = write(descriptor, (const char *)buffer + put, size - put);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        put += (size_t)n;
    }
}

// MARK: in the new processes (async-signal-safe calls only)

static void default_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int s = 1; s < NSIG; s++) sigaction(s, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_from(int first, long limit) {
#if defined(__linux__) && defined(SYS_close_range)
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
#endif
    for (long d = first; d < limit; d++) close((int)d);
}

static void close_on_exec_from(int first, long limit) {
#if defined(__linux__) && defined(SYS_close_range)
    if (syscall(SYS_close_range, (unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
#endif
    for (long d = first; d < limit; d++) {
        int flags = fcntl((int)d, F_GETFD);
        if (flags >= 0) fcntl((int)d, F_SETFD, flags | FD_CLOEXEC);
    }
}

static void report(int descriptor, int step, int error_number) {
    struct child_report r;
    memset(&r, 0, sizeof r);
    r.step = step;
    r.error_number = error_number;
    r.time_ns = monotonic_ns();
    write_all(descriptor, &r, sizeof r);
}

static _Noreturn void fail(int descriptor, int step) {
    report(descriptor, step, errno);
    _exit(127);
}

/// Kills what `cgroup.procs` lists: decimal process ids, one a line. Those of other pid namespaces read as 0.
static void kill_listed(const char *processes) {
    int descriptor = open(processes, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    char text[4096];
    long pid = 0;
    for (;;) {
        ssize_t count = read(descriptor, text, sizeof text);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (ssize_t i = 0; i < count; i++) {
            if (text[i] >= '0' && text[i] <= '9' && pid < 100000000) {
                pid = pid * 10 + (text[i] - '0');
            } else {
                if (pid > 1) kill((pid_t)pid, SIGKILL);
                pid = 0;
            }
        }
    }
    close(descriptor);
}

int child_remove_control_group(const char *folder, const char *processes, int milliseconds) {
    for (int waited = 0;; waited += 5) {
        if (rmdir(folder) == 0 || errno == ENOENT) return 0;
        int error_number = errno;
        if (waited >= milliseconds) {
            errno = error_number;
            return -1;
        }
        // Again each time: a process may have been forked between reading the list and the kill.
        kill_listed(processes);
        struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
    }
}

/// Moves a descriptor out of 0...2, where the dup2 calls below would overwrite it.
static int above_standard(int descriptor, int report_descriptor) {
    if (descriptor > 2) return descriptor;
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (moved < 0) fail(report_descriptor, CHILD_STEP_DESCRIPTORS);
    return moved;
}

/// Runs in the memory of the launching thread, which waits (vfork): changes nothing there and never returns.
static __attribute__((noinline)) _Noreturn void run_child(
    const struct launch *launch, pid_t parent, int watch, int report_descriptor) {
    const struct child_request *q = launch->request;
    if (setpgid(0, 0) != 0) fail(report_descriptor, CHILD_STEP_GROUP);
#ifdef __linux__
    // If the parent died before this call the signal never comes: hence the check of getppid after it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(report_descriptor, CHILD_STEP_GROUP);
#endif
    if (getppid() != parent) _exit(127);
    default_signals();
    // The guard knows the group before any program runs in it.
    pid_t group = getpid();
    write_all(watch, &group, sizeof group);

    if (q->control_group_processes) {
        int processes = open(q->control_group_processes, O_WRONLY | O_CLOEXEC);
        // "0" is the writing process itself.
        if (processes < 0 || write(processes, "0", 1) != 1) fail(report_descriptor, CHILD_STEP_CONTROL_GROUP);
        close(processes);
    }
    if (q->working_directory && chdir(q->working_directory) != 0) fail(report_descriptor, CHILD_STEP_DIRECTORY);

    report_descriptor = above_standard(report_descriptor, report_descriptor);
    int output = above_standard(q->output, report_descriptor);
    int error = above_standard(q->error, report_descriptor);
    int input = open("/dev/null", O_RDONLY);
    if (input < 0) fail(report_descriptor, CHILD_STEP_DESCRIPTORS);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) {
        fail(report_descriptor, CHILD_STEP_DESCRIPTORS);
    }
    close_on_exec_from(3, launch->descriptor_limit);
    // Last, because a small RLIMIT_NOFILE or RLIMIT_AS would break the steps above.
    for (int i = 0; i < q->limit_count; i++) {
        struct rlimit limit = {(rlim_t)q->limits[i].value, (rlim_t)q->limits[i].value};
        if (setrlimit(q->limits[i].resource, &limit) != 0) fail(report_descriptor, CHILD_STEP_LIMIT);
    }
    report(report_descriptor, CHILD_STARTED, 0);
    execve(q->path, q->arguments, q->environment);
    fail(report_descriptor, CHILD_STEP_EXEC);
}

/// Reads the group from the pipe, and kills it when the pipe ends without a goodbye byte: then the parent has died.
static _Noreturn void run_guard(const struct child_request *q, int watch, long descriptor_limit) {
    setsid();  // a Ctrl-C or a kill of the parent's group must not take the guard with it
    // Signals stay blocked (inherited): only SIGKILL ends a guard early.
#ifdef __linux__
    prctl(PR_SET_NAME, "child-guard");
#endif
    if (dup2(watch, 0) < 0) _exit(1);
    // Everything else goes, above all locks and pipes that would outlive the parent.
    close_from(1, descriptor_limit);
    pid_t group;
    char goodbye;
    if (read_all(0, &group, sizeof group) != sizeof group) _exit(0);
    if (read_all(0, &goodbye, 1) != 1) {
        kill(-group, SIGKILL);
        if (q->control_group) child_remove_control_group(q->control_group, q->control_group_processes, 10000);
    }
    _exit(0);
}

// MARK: in the launching thread

static void finish_launch(struct launch *launch) {
    pthread_mutex_lock(&launch->mutex);
    launch->done = 1;
    pthread_cond_signal(&launch->condition);
    pthread_mutex_unlock(&launch->mutex);
}

static void reap(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

/// Starts guard and child and learns how exec went. Returns the pid, or -1 with `started` filled.
///
/// The guard is forked. The child is vforked: a copy of a big parent's page tables takes time to make and to drop, and
/// the dropping happens in exec, within the child's measured time (25 ms for a parent of 400 MB).
static pid_t start_child(struct launch *launch) {
    struct child_started *s = launch->started;
    int reports[2] = {-1, -1}, watch[2] = {-1, -1};
    pid_t child = -1, guard = -1;
    s->step = CHILD_STEP_PREPARE;
    if (child_pipe(watch) != 0) goto system_error;
    s->step = CHILD_STEP_FORK;
    pid_t parent = getpid();
    guard = fork();
    if (guard == 0) {
        close(watch[1]);
        run_guard(launch->request, watch[0], launch->descriptor_limit);
    }
    if (guard < 0) goto system_error;
    close(watch[0]);
    watch[0] = -1;
    // Made after the guard, which would keep it open for a while.
    s->step = CHILD_STEP_PREPARE;
    if (child_pipe(reports) != 0) goto system_error;
    s->step = CHILD_STEP_FORK;
    child = vfork();
    if (child == 0) run_child(launch, parent, watch[1], reports[1]);
    if (child < 0) goto system_error;
    close(reports[1]);
    reports[1] = -1;

    struct child_report r;
    memset(&r, 0, sizeof r);
    if (read_all(reports[0], &r, sizeof r) != sizeof r) {
        s->error_number = ESRCH;  // killed before it could say anything
        goto failed;
    }
    s->start_ns = r.time_ns;
    if (r.step == CHILD_STARTED) {
        struct child_report failure;
        if (read_all(reports[0], &failure, sizeof failure) == sizeof failure) r = failure;
    }
    s->step = r.step;
    s->error_number = r.error_number;
    if (s->step != CHILD_STARTED) goto failed;
    close(reports[0]);
    s->pid = child;
    s->guard_pid = guard;
    s->guard_descriptor = watch[1];
    return child;

system_error:
    s->error_number = errno;
failed:
    if (child > 0) kill(child, SIGKILL);
    if (guard > 0) {
        child_release_guard(watch[1], guard);
    } else if (watch[1] >= 0) {
        close(watch[1]);
    }
    if (child > 0) reap(child);
    if (watch[0] >= 0) close(watch[0]);
    if (reports[0] >= 0) close(reports[0]);
    if (reports[1] >= 0) close(reports[1]);
    return -1;
}

static void *launch_thread(void *argument) {
    struct launch *launch = argument;
    int exit_write = launch->exit_write;
    pid_t pid = start_child(launch);
    finish_launch(launch);
    launch = NULL;  // the caller's stack frame: gone from here on
    if (pid > 0) {
        siginfo_t info;
        int64_t end = -1;
        int waited;
        do {
            waited = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
        } while (waited != 0 && errno == EINTR);
        if (waited == 0) end = monotonic_ns();
        write_all(exit_write, &end, sizeof end);
    }
    close(exit_write);
    return NULL;
}

// MARK: public

int child_launch(const struct child_request *request, struct child_started *started) {
    memset(started, 0, sizeof *started);
    started->step = CHILD_STEP_PREPARE;
    started->exit_descriptor = -1;
    started->guard_descriptor = -1;
    int exits[2];
    if (child_pipe(exits) != 0) {
        started->error_number = errno;
        return -1;
    }
    struct launch launch = {.request = request, .started = started, .exit_write = exits[1], .done = 0};
    struct rlimit descriptors;
    long limit = 65536;
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur < 65536) limit = (long)descriptors.rlim_cur;
    launch.descriptor_limit = limit;
    pthread_mutex_init(&launch.mutex, NULL);
    pthread_cond_init(&launch.condition, NULL);

    // The thread, and so the guard, must take no signals: they belong to the program's own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int created = pthread_create(&thread, &attributes, launch_thread, &launch);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (created != 0) {
        started->error_number = created;
        close(exits[1]);
    } else {
        pthread_mutex_lock(&launch.mutex);
        while (!launch.done) pthread_cond_wait(&launch.condition, &launch.mutex);
        pthread_mutex_unlock(&launch.mutex);
    }
    pthread_cond_destroy(&launch.condition);
    pthread_mutex_destroy(&launch.mutex);
    if (started->step != CHILD_STARTED) {
        close(exits[0]);
        return -1;
    }
    started->exit_descriptor = exits[0];
    return 0;
}

int64_t child_read_end(int exit_descriptor) {
    int64_t end = -1;
    if (read_all(exit_descriptor, &end, sizeof end) != sizeof end) end = -1;
    close(exit_descriptor);
    return end;
}

void child_release_guard(int guard_descriptor, pid_t guard_pid) {
    // A guard that was killed has closed its end, and the write would raise SIGPIPE.
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    char goodbye = 1;
    errno = 0;
    write_all(guard_descriptor, &goodbye, 1);
    if (errno == EPIPE && sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE)) {
        int taken;
        sigwait(&pipe_signal, &taken);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(guard_descriptor);
    reap(guard_pid);
}
