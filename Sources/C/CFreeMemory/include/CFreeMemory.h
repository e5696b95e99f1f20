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

/* Has the heap of the calling thread end so many bytes further on (at most 3.75 MiB), which costs no memory until they are used. The C library
   moves the end of a thread's heap by a page at a time otherwise, each a call of the system for which all threads of the process wait. */
void free_memory_widen(size_t bytes);

#ifdef __cplusplus
}
#endif
