#include "CSignalKernels.h"

#include <stdatomic.h>

/* What the process was told to use at most, and whether selections may branch; results are the same, whatever a thread reads. */
static atomic_int most = signal_avx512;
static atomic_int branches = 0;

signal_instructions signal_machine_instructions(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) return signal_avx512;
    if (__builtin_cpu_supports("avx2")) return signal_avx2;
#endif
    return signal_portable;
}

signal_instructions signal_best_instructions(void) {
    const signal_instructions here = signal_machine_instructions();
    const signal_instructions limit = (signal_instructions)atomic_load_explicit(&most, memory_order_relaxed);
    return limit < here ? limit : here;
}

signal_instructions signal_selection_instructions(void) {
    return atomic_load_explicit(&branches, memory_order_relaxed) ? signal_branching : signal_best_instructions();
}

void signal_use(signal_instructions at_most, int selections_branch) {
    atomic_store_explicit(&most, at_most, memory_order_relaxed);
    atomic_store_explicit(&branches, selections_branch, memory_order_relaxed);
}
