#include "CFreeMemory.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#include <stdlib.h>
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

void free_memory_widen(size_t bytes) {
#if defined(__GLIBC__)
    /* Below what is set apart, so that they come from the heap, one after the other. */
    enum { piece = 240 << 10, most = 16 };
    void *volatile pieces[most];
    int count = 0;
    while (count < most && bytes >= piece) {
        pieces[count++] = malloc(piece);
        bytes -= piece;
    }
    while (count > 0) {
        free(pieces[--count]);
    }
#else
    (void)bytes;
#endif
}
