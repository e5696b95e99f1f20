#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Has what was written to a file so far go to the disk from now on, without waiting for it. No promise: where the system has
   no such call, or refuses, a later fsync has all the work. */
void write_behind_start(int descriptor);

#ifdef __cplusplus
}
#endif
