#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the length of a row of coefficients is rounded up to; most that a row is thinned. */
enum { kWaveletColumns = 32, kWaveletLargestShift = 4 };

/* Selections (points above a level, local maxima, order statistics) know one more: plain loops that branch on the data. To
   all others that is portable. */
typedef enum { signal_branching = -1, signal_portable = 0, signal_avx2 = 1, signal_avx512 = 2 } signal_instructions;

/* What this machine has. */
signal_instructions signal_machine_instructions(void);

/* What the functions below use: what the machine has, or less where signal_use says so. */
signal_instructions signal_best_instructions(void);
signal_instructions signal_selection_instructions(void);

/* What this process uses at most from now on, and whether selections branch. No result depends on it. */
void signal_use(signal_instructions at_most, int selections_branch);

/* How rows are computed: four blocks of columns at a time, one, or four of two rows at once that are thinned alike. */
typedef enum { wavelet_wide = 0, wavelet_narrow = 1, wavelet_paired = 2 } wavelet_manner;

typedef struct {
    /* Middle of the row's kernel in the array of kernels, and samples on each side of it. */
    int32_t middle;
    int32_t reach;
    /* Every 2^shift-th column is wanted; at most kWaveletLargestShift. */
    uint32_t shift;
} wavelet_row;

/* Scalars of scratch memory for a signal of `count` samples. */
size_t wavelet_scratch(size_t count);

/* Sums of a signal with kernels, zeros beyond its ends:

       out[r * stride + i] = sum over d in -reach...reach of kernels[middle + d] * signal[(i << shift) + d]

   for each row r and (i << shift) < count, each in ascending order of d from the first sample that is there. `stride` is a
   multiple of kWaveletColumns and at least `count`; what lies behind the last column means nothing. */
void wavelet_rows_double(
    const double *signal, size_t count, const double *kernels, const wavelet_row *rows, size_t row_count,
    double *scratch, double *out, size_t stride);
void wavelet_rows_float(
    const float *signal, size_t count, const float *kernels, const wavelet_row *rows, size_t row_count, float *scratch,
    float *out, size_t stride);

/* The same in a manner, with instructions that the machine must have. Returns how often samples were walked over: once for 32
   columns of a row, for 8, or for 32 of two rows. */
size_t wavelet_rows_double_by(
    wavelet_manner manner, signal_instructions instructions, const double *signal, size_t count, const double *kernels,
    const wavelet_row *rows, size_t row_count, double *scratch, double *out, size_t stride);
size_t wavelet_rows_float_by(
    wavelet_manner manner, signal_instructions instructions, const float *signal, size_t count, const float *kernels,
    const wavelet_row *rows, size_t row_count, float *scratch, float *out, size_t stride);

/* The same with instructions that the machine must have: for tests. */
void wavelet_rows_double_with(
    signal_instructions instructions, const double *signal, size_t count, const double *kernels,
    const wavelet_row *rows, size_t row_count, double *scratch, double *out, size_t stride);
void wavelet_rows_float_with(
    signal_instructions instructions, const float *signal, size_t count, const float *kernels, const wavelet_row *rows,
    size_t row_count, float *scratch, float *out, size_t stride);

/* Positions, ascending, of values that are at least `threshold`, above the value before and not below the one behind;
   a value at an end has none there. Writes up to `count` of them and returns how many there are. */
size_t local_maxima_double(const double *values, size_t count, double threshold, int32_t *positions);
size_t local_maxima_float(const float *values, size_t count, float threshold, int32_t *positions);
size_t local_maxima_double_with(
    signal_instructions instructions, const double *values, size_t count, double threshold, int32_t *positions);
size_t local_maxima_float_with(
    signal_instructions instructions, const float *values, size_t count, float threshold, int32_t *positions);

/* The value of rank `rank` (0 is the smallest) of `count` values, none of them NaN, which may be reordered. */
double order_statistic_double(double *values, size_t count, size_t rank);
double order_statistic_double_with(signal_instructions instructions, double *values, size_t count, size_t rank);

/* What must stand behind the values of nearest_in_ascending, each of it infinite. */
enum { kNearestPadding = 9 };

/* For each of the ascending `wanted` the index of the nearest of `count` > 0 ascending values; of two that are equally near
   the upper one. */
void nearest_in_ascending(
    const double *ascending, size_t count, const double *wanted, size_t wanted_count, int32_t *nearest);
void nearest_in_ascending_with(
    signal_instructions instructions, const double *ascending, size_t count, const double *wanted,
    size_t wanted_count, int32_t *nearest);

/* What may be written behind the points that keep_above returns, up to this many in all beyond `count`. */
enum { kKeepPadding = 8 };

/* Copies, in order, the points whose value is at least `floor` and whose value and position are finite and above zero
   (`floor` > 0); returns how many. Room for `count` + kKeepPadding. */
size_t keep_above(
    const double *position, const float *value, size_t count, float floor, double *kept_position, float *kept_value);
size_t keep_above_with(
    signal_instructions instructions, const double *position, const float *value, size_t count, float floor,
    double *kept_position, float *kept_value);

/* Whether no value is below the one before it. */
int is_ascending(const double *values, size_t count);

#ifdef __cplusplus
}
#endif
