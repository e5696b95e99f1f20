#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Policies of the kernel for pages that a thread touches first (linux/mempolicy.h). */
enum {
    THREAD_MEMORY_DEFAULT = 0,
    THREAD_MEMORY_PREFERRED = 1,
    THREAD_MEMORY_BIND = 2,
    THREAD_MEMORY_INTERLEAVE = 3,
    THREAD_MEMORY_LOCAL = 4,
};

/* Largest number of a CPU or a node that these functions take, plus one. */
enum { THREAD_PLACEMENT_LIMIT = 65536 };

/* Confines the calling thread to CPUs. Returns 0, or the errno of the failure; ENOSYS where the system cannot. */
int thread_set_cpus(const int *cpus, int count);

/* Writes the CPUs of the calling thread, ascending, at most `capacity`. Returns how many there are, or -errno. */
int thread_get_cpus(int *cpus, int capacity);

/* Sets where pages of the calling thread come from. The nodes count for PREFERRED (one), BIND and INTERLEAVE. Returns 0, or
   the errno of the failure; ENOSYS where the system cannot. */
int thread_set_memory_policy(int mode, const int *nodes, int count);

/* Writes the mode and the nodes, ascending, at most `capacity`. Returns how many nodes there are, or -errno. */
int thread_get_memory_policy(int *mode, int *nodes, int capacity);

/* Tells the processor that the thread only looks whether something has changed, so that the other thread of its core goes first. */
static inline void thread_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif
