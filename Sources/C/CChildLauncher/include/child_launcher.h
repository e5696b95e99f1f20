#ifndef LAVOISIER_CHILD_LAUNCHER_H
#define LAVOISIER_CHILD_LAUNCHER_H

#include <stdint.h>
#include <sys/types.h>

/// One resource limit; soft and hard become `value`.
struct child_limit {
    int resource;
    uint64_t value;
};

/// What to start. All pointers are read before `child_launch` returns.
struct child_request {
    const char *path;               ///< absolute path of the program; no PATH search
    char *const *arguments;         ///< argv, NULL-terminated
    char *const *environment;       ///< envp, NULL-terminated; nothing is inherited
    const char *working_directory;  ///< NULL: that of this process
    int output;                     ///< descriptor that becomes the child's standard output
    int error;                      ///< descriptor that becomes the child's standard error
    const struct child_limit *limits;
    int limit_count;
    const char *control_group;            ///< cgroup folder of this run alone, which the guard removes; NULL: none
    const char *control_group_processes;  ///< its `cgroup.procs`, where the child writes itself before exec
};

/// The step that failed; 0 is success.
enum child_step {
    CHILD_STARTED = 0,
    CHILD_STEP_PREPARE = 1,
    CHILD_STEP_FORK = 2,
    CHILD_STEP_GROUP = 3,
    CHILD_STEP_LIMIT = 4,
    CHILD_STEP_DIRECTORY = 5,
    CHILD_STEP_DESCRIPTORS = 6,
    CHILD_STEP_EXEC = 7,
    CHILD_STEP_CONTROL_GROUP = 8,
};

struct child_started {
    int step;             ///< `enum child_step`: the step that failed, or CHILD_STARTED
    int error_number;     ///< errno of that step
    pid_t pid;            ///< also the process group
    int64_t start_ns;     ///< CLOCK_MONOTONIC in the child, just before exec
    int exit_descriptor;  ///< becomes readable when the child has ended: read with `child_read_end`
    int guard_descriptor; ///< hand to `child_release_guard`
    pid_t guard_pid;
};

/// A pipe whose ends no started program inherits. Returns 0, or -1 with errno.
int child_pipe(int ends[2]);

/// Starts a program in a process group of its own; returns once exec has succeeded or failed.
///
/// A thread made for this child forks it and lives until the child has ended: PR_SET_PDEATHSIG fires when the forking
/// *thread* dies, not the process. The child is left unreaped (WNOWAIT), so that /proc/PID can still be read;
/// the caller reaps it with wait4. Returns 0 or -1, with `started->step` and `started->error_number` set.
int child_launch(const struct child_request *request, struct child_started *started);

/// Reads the CLOCK_MONOTONIC time in ns at which the child's end was seen, and closes the descriptor.
/// Blocks until the child has ended. -1 when the waiting thread could not wait.
int64_t child_read_end(int exit_descriptor);

/// Ends the guard without killing the group. Call after the group has been killed or has ended, before reaping the
/// child: until then its pid, the group's name, cannot be given to another process.
void child_release_guard(int guard_descriptor, pid_t guard_pid);

/// Kills every process of a cgroup and removes its folder, waiting up to about `milliseconds` for them to go.
/// Returns 0 once the folder is gone, else -1 with errno. Async-signal-safe.
int child_remove_control_group(const char *folder, const char *processes, int milliseconds);

/// Installs handlers for SIGINT, SIGTERM and SIGHUP that raise the flag. The second signal of a kind has its default
/// action again, so a user can always force the way out. Idempotent. Returns 0, or -1 with errno.
int interrupt_flag_install(void);

/// The signal that raised the flag, 0 while it is down.
int interrupt_flag_signal(void);

/// A descriptor that is readable while the flag is raised; -1 before `interrupt_flag_install`.
int interrupt_flag_descriptor(void);

/// Raises the flag as the signal would.
void interrupt_flag_raise(int signal_number);

/// Lowers the flag, drains its descriptor and installs the handlers again.
void interrupt_flag_reset(void);

#endif
