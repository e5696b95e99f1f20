#if defined(__linux__)
#define _GNU_SOURCE
#include <fcntl.h>
#endif

#include "CWriteBehind.h"

void write_behind_start(int descriptor) {
#if defined(__linux__)
    /* A length of 0 is up to the end of the file; only pages that are dirty are looked at. */
    (void)sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
    (void)descriptor;
#endif
}
