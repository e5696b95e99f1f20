#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Watches the pages of a mapping: one that cannot be had reads as zeros from then on instead of ending the program.
   Returns a handle, or -1 when too many mappings are watched or the handler cannot be installed. Signals that have
   nothing to do with watched mappings go where they went before. */
int mapped_region_watch(const void *start, size_t length);

/* Pages of the mapping that could not be had so far. */
int mapped_region_faults(int handle);

/* Brings the pages of a mapping in that hold these bytes, and returns when they are there or cannot be had. */
void mapped_region_populate(const void *start, size_t length);

/* Ends the watch; before the mapping is removed. */
void mapped_region_forget(int handle);

#ifdef __cplusplus
}
#endif
