#define _GNU_SOURCE
#include "CThreadPlacement.h"

#include <errno.h>

#if defined(__linux__)

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int highest(const int *numbers, int count) {
    int most = -1;
    for (int i = 0; i < count; i++) {
        if (numbers[i] < 0 || numbers[i] >= THREAD_PLACEMENT_LIMIT) return -1;
        if (numbers[i] > most) most = numbers[i];
    }
    return most;
}

int thread_set_cpus(const int *cpus, int count) {
    int most = highest(cpus, count);
    if (most < 0) return EINVAL;
    cpu_set_t *set = CPU_ALLOC(most + 1);
    if (!set) return ENOMEM;
    size_t size = CPU_ALLOC_SIZE(most + 1);
    CPU_ZERO_S(size, set);
    for (int i = 0; i < count; i++) CPU_SET_S(cpus[i], size, set);
    int failure = sched_setaffinity(0, size, set) == 0 ? 0 : errno;
    CPU_FREE(set);
    return failure;
}

int thread_get_cpus(int *cpus, int capacity) {
    /* The kernel refuses a set that is smaller than its own. */
    for (int bits = 1024; bits <= THREAD_PLACEMENT_LIMIT; bits *= 2) {
        cpu_set_t *set = CPU_ALLOC(bits);
        if (!set) return -ENOMEM;
        size_t size = CPU_ALLOC_SIZE(bits);
        CPU_ZERO_S(size, set);
        if (sched_getaffinity(0, size, set) != 0) {
            int failure = errno;
            CPU_FREE(set);
            if (failure == EINVAL) continue;
            return -failure;
        }
        int count = 0;
        for (int cpu = 0; cpu < bits; cpu++) {
            if (!CPU_ISSET_S(cpu, size, set)) continue;
            if (count < capacity) cpus[count] = cpu;
            count++;
        }
        CPU_FREE(set);
        return count;
    }
    return -EINVAL;
}

enum { WORD_BITS = 8 * sizeof(unsigned long), WORDS = 1024 / WORD_BITS };

int thread_set_memory_policy(int mode, const int *nodes, int count) {
    unsigned long mask[WORDS];
    memset(mask, 0, sizeof mask);
    for (int i = 0; i < count; i++) {
        if (nodes[i] < 0 || nodes[i] >= WORDS * WORD_BITS) return EINVAL;
        mask[nodes[i] / WORD_BITS] |= 1UL << (nodes[i] % WORD_BITS);
    }
    /* The kernel takes one bit less than it is told. */
    unsigned long bits = count > 0 ? WORDS * WORD_BITS + 1 : 0;
    return syscall(SYS_set_mempolicy, mode, count > 0 ? mask : NULL, bits) == 0 ? 0 : errno;
}

int thread_get_memory_policy(int *mode, int *nodes, int capacity) {
    unsigned long mask[WORDS];
    memset(mask, 0, sizeof mask);
    if (syscall(SYS_get_mempolicy, mode, mask, WORDS * WORD_BITS + 1, NULL, 0) != 0) return -errno;
    int count = 0;
    for (int node = 0; node < WORDS * WORD_BITS; node++) {
        if (!(mask[node / WORD_BITS] & (1UL << (node % WORD_BITS)))) continue;
        if (count < capacity) nodes[count] = node;
        count++;
    }
    return count;
}

#else

int thread_set_cpus(const int *cpus, int count) { return ENOSYS; }
int thread_get_cpus(int *cpus, int capacity) { return -ENOSYS; }
int thread_set_memory_policy(int mode, const int *nodes, int count) { return ENOSYS; }
int thread_get_memory_policy(int *mode, int *nodes, int capacity) { return -ENOSYS; }

#endif
