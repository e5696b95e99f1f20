#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Gives whole pages that were freed back to the system, wherever they lie; does nothing where the C library cannot. Takes
   the time of walking over what is free. */
void free_memory_release(void);

#ifdef __cplusplus
}
#endif
