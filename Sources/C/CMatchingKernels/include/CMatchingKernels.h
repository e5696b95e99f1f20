#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an entropy total may be wrong by, at most, for weights of sum 1 on both sides. */
#define kEntropyTotalError 5e-5f

typedef enum { matching_portable = 0, matching_avx2 = 1, matching_avx512 = 2 } matching_instructions;

/* What the functions below use: what this machine has, or less where matching_use says so. */
matching_instructions matching_best_instructions(void);

/* What this process uses at most from now on. Bounds and approximate totals differ by rounding, results of exact searches
   do not. */
void matching_use(matching_instructions at_most);

/* For each posting i < count adds to totals[spectra[i]] what a query peak of weight `a` and a library peak of weight
   b = weights[i] give:

       entropy   ((a + b) log2(a + b) - a log2 a - b log2 b) / 2
       product   a b

   and at least FLT_MIN, so that a total above zero says that a spectrum was reached. `totals` has 65536 elements: no
   spectrum number of a damaged file lies outside. */
void add_entropy(float a, const float *weights, const uint16_t *spectra, size_t count, float *totals);
void add_product(float a, const float *weights, const uint16_t *spectra, size_t count, float *totals);

/* Positions of totals that are at least `least`, ascending; writes up to `count` of them and returns how many. */
size_t collect_at_least(const float *totals, size_t count, float least, uint16_t *positions);

/* Positions and values of the `wanted` largest totals above zero, in no particular order; of equal ones the first. Both
   arrays have room for `wanted`. Returns how many there are. */
size_t largest_totals(const float *totals, size_t count, size_t wanted, uint16_t *positions, float *values);

/* A query's peaks by ascending m/z: half widths of their windows, entropy weights, and w log2 w of these.
   `mz` and `half` have room for a multiple of 8 numbers, whatever stands behind the last. */
typedef struct {
    const double *mz, *half, *weight, *own;
    size_t count;
} entropy_query;

/* Bins of m/z, `kBoundBins` of them from 0 on; what lies beyond counts to the outermost. */
enum { kBinsPerDalton = 25, kBoundBins = 1 << 16, kMostMarks = 1 << 14 };

/* Writes into all bins that a window of the query touches the largest weight of its peaks there. Returns 0, and writes
   nothing, when that is more than `kMostMarks`. `unmark_windows` takes it back. */
int mark_windows(const entropy_query *query, float *bins);
void unmark_windows(const entropy_query *query, float *bins);

/* Upper bounds of the entropy similarity (right to kEntropyTotalError) of the marked query and consecutive spectra: spectrum s has the peaks offset[s] ..< offset[s + 1], ascending. Each peak is taken to match the heaviest peak of the
   query near its bin; `shift` and `matching` as for `sum_entropy`, with no shift for 0. */
void bound_spectra(
    const float *bins, const double *mz, const float *weights, const uint32_t *offset, size_t spectra,
    double shift, int matching, float *totals);

/* Sum of the terms of all pairs, not halved, and how many there are. */
typedef struct {
    double sum;
    size_t matched;
} entropy_sum;

/* Exact: a query and one library spectrum of `count` peaks. A pair matches when |mz + shift - query mz| <= half; pairs are
   taken by ascending m/z, each peak once. `matching`: 0 at equal m/z, 1 moved by `shift`, 2 at equal m/z and then moved among
   the peaks that are left. `scratch` has room for 3 times the query's peaks and 24, `flags` for the peaks of both. All instructions
   give the same bits. */
entropy_sum sum_entropy(
    const entropy_query *query, const double *mz, const float *weights, size_t count, double shift, int matching,
    double *scratch, uint8_t *flags);

/* The same with instructions that the machine must have: for tests. */
void add_entropy_with(
    matching_instructions instructions, float a, const float *weights, const uint16_t *spectra, size_t count,
    float *totals);
void add_product_with(
    matching_instructions instructions, float a, const float *weights, const uint16_t *spectra, size_t count,
    float *totals);
void bound_spectra_with(
    matching_instructions instructions, const float *bins, const double *mz, const float *weights,
    const uint32_t *offset, size_t spectra,
    double shift, int matching, float *totals);
size_t collect_at_least_with(
    matching_instructions instructions, const float *totals, size_t count, float least, uint16_t *positions);
entropy_sum sum_entropy_with(
    matching_instructions instructions, const entropy_query *query, const double *mz, const float *weights,
    size_t count, double shift, int matching, double *scratch, uint8_t *flags);

#ifdef __cplusplus
}
#endif
