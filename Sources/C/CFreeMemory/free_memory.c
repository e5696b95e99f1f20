#include "CFreeMemory.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

void free_memory_release(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

void free_memory_set_apart(size_t bytes) {
#if defined(__GLIBC__)
    /* Either of them ends the library's habit of taking ever larger pieces from the heap. */
    mallopt(M_MMAP_THRESHOLD, (int)bytes);
    mallopt(M_TRIM_THRESHOLD, (int)bytes * 8);
#else
    (void)bytes;
#endif
}
