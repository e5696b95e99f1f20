#pragma once
#include "CReadingKernels.h"

#include <stdatomic.h>

/* What may be used at most; read in every function that has a choice, so it is no call. */
extern atomic_int reading_most;

static inline base64_instructions instruction_limit(void) {
    return (base64_instructions)atomic_load_explicit(&reading_most, memory_order_relaxed);
}
