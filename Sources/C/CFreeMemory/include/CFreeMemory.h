#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gives whole pages that were freed back to the system, wherever they lie; does nothing where the C library cannot. Takes
   the time of walking over what is free. */
void free_memory_release(void);

/* From now on what takes at least so many bytes lies on pages of its own, which go back to the system when it is freed, in the
   whole process; the heap keeps no more than eight times as much at its end. Does nothing where the C library cannot. */
void free_memory_set_apart(size_t bytes);

#ifdef __cplusplus
}
#endif
