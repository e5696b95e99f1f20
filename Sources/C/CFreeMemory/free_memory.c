#include "CFreeMemory.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

void free_memory_release(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}
