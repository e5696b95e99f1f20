#include "CSignalKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* A maximum is written always and counted when it is one: which values are, no branch predictor can learn. */
#define DEFINE_LOCAL_MAXIMA(SCALAR)                                                                                   \
    static size_t SCALAR##_maxima(                                                                                    \
        const SCALAR *values, size_t first, size_t count, SCALAR threshold, int32_t *positions, size_t found) {       \
        for (size_t i = first; i + 1 < count; i++) {                                                                  \
            positions[found] = (int32_t)i;                                                                            \
            const SCALAR value = values[i];                                                                           \
            found += (size_t)((value >= threshold) & (value > values[i - 1]) & (value >= values[i + 1]));             \
        }                                                                                                             \
        return found;                                                                                                 \
    }                                                                                                                 \
                                                                                                                      \
    static size_t SCALAR##_maxima_branching(                                                                          \
        const SCALAR *values, size_t first, size_t count, SCALAR threshold, int32_t *positions, size_t found) {       \
        for (size_t i = first; i + 1 < count; i++) {                                                                  \
            if (values[i] >= threshold && values[i] > values[i - 1] && values[i] >= values[i + 1]) {                  \
                positions[found++] = (int32_t)i;                                                                      \
            }                                                                                                         \
        }                                                                                                             \
        return found;                                                                                                 \
    }                                                                                                                 \
                                                                                                                      \
    size_t local_maxima_##SCALAR##_with(                                                                              \
        signal_instructions instructions, const SCALAR *values, size_t count, SCALAR threshold, int32_t *positions) { \
        if (count == 0) return 0;                                                                                     \
        positions[0] = 0;                                                                                             \
        if (count == 1) return values[0] >= threshold;                                                                \
        size_t found = (size_t)((values[0] >= threshold) & (values[0] >= values[1]));                                 \
        size_t first = 1;                                                                                             \
        if (instructions == signal_branching) {                                                                       \
            found = SCALAR##_maxima_branching(values, first, count, threshold, positions, found);                     \
            first = count - 1;                                                                                        \
        }                                                                                                             \
        SCALAR##_VECTORS                                                                                              \
        found = SCALAR##_maxima(values, first, count, threshold, positions, found);                                   \
        positions[found] = (int32_t)(count - 1);                                                                      \
        return found + (size_t)((values[count - 1] >= threshold) & (values[count - 1] > values[count - 2]));          \
    }                                                                                                                 \
                                                                                                                      \
    size_t local_maxima_##SCALAR(const SCALAR *values, size_t count, SCALAR threshold, int32_t *positions) {          \
        return local_maxima_##SCALAR##_with(signal_selection_instructions(), values, count, threshold, positions);    \
    }

#if defined(__x86_64__)
/* Eight values at a time from `first`, as long as there is one behind them; moves `first` behind what was looked at. */
__attribute__((target("avx512f,avx512dq,avx512vl"))) static size_t double_maxima_avx512(
    const double *values, size_t *first, size_t count, double threshold, int32_t *positions, size_t found) {
    const __m512d low = _mm512_set1_pd(threshold);
    size_t i = *first;
    for (; i + 8 < count; i += 8) {
        const __m512d value = _mm512_loadu_pd(values + i);
        __mmask8 maxima = _mm512_cmp_pd_mask(value, low, _CMP_GE_OQ);
        if (maxima == 0) continue;
        maxima = _mm512_mask_cmp_pd_mask(maxima, value, _mm512_loadu_pd(values + i - 1), _CMP_GT_OQ);
        maxima = _mm512_mask_cmp_pd_mask(maxima, value, _mm512_loadu_pd(values + i + 1), _CMP_GE_OQ);
        for (unsigned rest = maxima; rest != 0; rest &= rest - 1) {
            positions[found++] = (int32_t)(i + (size_t)__builtin_ctz(rest));
        }
    }
    *first = i;
    return found;
}

__attribute__((target("avx512f,avx512dq,avx512vl"))) static size_t float_maxima_avx512(
    const float *values, size_t *first, size_t count, float threshold, int32_t *positions, size_t found) {
    const __m512 low = _mm512_set1_ps(threshold);
    size_t i = *first;
    for (; i + 16 < count; i += 16) {
        const __m512 value = _mm512_loadu_ps(values + i);
        __mmask16 maxima = _mm512_cmp_ps_mask(value, low, _CMP_GE_OQ);
        if (maxima == 0) continue;
        maxima = _mm512_mask_cmp_ps_mask(maxima, value, _mm512_loadu_ps(values + i - 1), _CMP_GT_OQ);
        maxima = _mm512_mask_cmp_ps_mask(maxima, value, _mm512_loadu_ps(values + i + 1), _CMP_GE_OQ);
        for (unsigned rest = maxima; rest != 0; rest &= rest - 1) {
            positions[found++] = (int32_t)(i + (size_t)__builtin_ctz(rest));
        }
    }
    *first = i;
    return found;
}

#define double_VECTORS                                                                                                \
    if (instructions == signal_avx512) {                                                                              \
        found = double_maxima_avx512(values, &first, count, threshold, positions, found);                             \
    }
#define float_VECTORS                                                                                                 \
    if (instructions == signal_avx512) {                                                                              \
        found = float_maxima_avx512(values, &first, count, threshold, positions, found);                              \
    }
#else
#define double_VECTORS
#define float_VECTORS
#endif

DEFINE_LOCAL_MAXIMA(double)
DEFINE_LOCAL_MAXIMA(float)

static inline double smaller(double a, double b) { return a < b ? a : b; }
static inline double larger(double a, double b) { return a < b ? b : a; }

/* Quickselect with the median of three as pivot: no randomness, so that the cost is the same in every run. Partition
   after Lomuto, with a swap always and a step when the value belongs to the front. */
static inline __attribute__((always_inline)) double order_statistic_by(
    int is_branching, double *values, size_t count, size_t rank) {
    size_t low = 0;
    size_t end = count;
    while (end - low > 1) {
        const size_t middle = low + (end - low) / 2;
        const double a = values[low], b = values[middle], c = values[end - 1];
        const double pivot = larger(smaller(a, b), smaller(larger(a, b), c));
        /* The pivot itself waits at the end. */
        const size_t at = pivot == c ? end - 1 : pivot == b ? middle : low;
        values[at] = c;
        values[end - 1] = pivot;
        size_t below = low;
        for (size_t i = low; i + 1 < end; i++) {
            const double value = values[i];
            if (is_branching && value >= pivot) continue;
            values[i] = values[below];
            values[below] = value;
            below += (size_t)(value < pivot);
        }
        if (rank < below) {
            end = below;
            continue;
        }
        values[end - 1] = values[below];
        values[below] = pivot;
        if (rank == below) return pivot;
        if (below > low) {
            low = below + 1;
            continue;
        }
        /* Nothing is below the pivot: all that are alike go at once, or many of them would take a pass each. */
        size_t alike = low + 1;
        for (size_t i = low + 1; i < end; i++) {
            const double value = values[i];
            values[i] = values[alike];
            values[alike] = value;
            alike += (size_t)(value <= pivot);
        }
        if (rank < alike) return pivot;
        low = alike;
    }
    return values[low];
}

static double order_statistic_portable(double *values, size_t count, size_t rank) {
    return order_statistic_by(0, values, count, rank);
}

static double order_statistic_branching(double *values, size_t count, size_t rank) {
    return order_statistic_by(1, values, count, rank);
}

#if defined(__x86_64__)
/* So many values fit the buffers; more than that are rare. */
enum { kMostSelected = 256 };

/* The same with a partition that takes eight values at a time, into a front and a back of buffers that take turns. */
__attribute__((target("avx512f,avx512dq,avx512vl"))) static double order_statistic_avx512(
    double *values, size_t count, size_t rank) {
    double buffers[2][2][kMostSelected + 8];
    double *from = values;
    for (unsigned turn = 0; count > 8; turn ^= 1) {
        const double a = from[0], b = from[count / 2], c = from[count - 1];
        const double pivot = larger(smaller(a, b), smaller(larger(a, b), c));
        const __m512d pivots = _mm512_set1_pd(pivot);
        double *front = buffers[turn][0];
        double *back = buffers[turn][1];
        size_t below = 0, above = 0;
        for (size_t i = 0; i < count; i += 8) {
            const __mmask8 there = count - i >= 8 ? 0xff : (__mmask8)((1u << (count - i)) - 1);
            const __m512d block = _mm512_maskz_loadu_pd(there, from + i);
            const __mmask8 isBelow = _mm512_mask_cmp_pd_mask(there, block, pivots, _CMP_LT_OQ);
            const __mmask8 isAbove = _mm512_mask_cmp_pd_mask(there, block, pivots, _CMP_GT_OQ);
            _mm512_storeu_pd(front + below, _mm512_maskz_compress_pd(isBelow, block));
            _mm512_storeu_pd(back + above, _mm512_maskz_compress_pd(isAbove, block));
            below += (size_t)__builtin_popcount(isBelow);
            above += (size_t)__builtin_popcount(isAbove);
        }
        const size_t alike = count - below - above;
        if (rank >= below && rank < below + alike) return pivot;
        from = rank < below ? front : back;
        count = rank < below ? below : above;
        rank = rank < below ? rank : rank - below - alike;
    }
    /* Of up to eight values the one with so many below it. */
    const __mmask8 there = (__mmask8)((1u << count) - 1);
    const __m512d block = _mm512_maskz_loadu_pd(there, from);
    for (size_t i = 0; i + 1 < count; i++) {
        const __m512d value = _mm512_set1_pd(from[i]);
        const unsigned below = _mm512_mask_cmp_pd_mask(there, block, value, _CMP_LT_OQ);
        const unsigned upTo = _mm512_mask_cmp_pd_mask(there, block, value, _CMP_LE_OQ);
        if (rank >= (size_t)__builtin_popcount(below) && rank < (size_t)__builtin_popcount(upTo)) return from[i];
    }
    return from[count - 1];
}
#endif

double order_statistic_double_with(signal_instructions instructions, double *values, size_t count, size_t rank) {
    if (instructions == signal_branching) return order_statistic_branching(values, count, rank);
#if defined(__x86_64__)
    if (count > 1 && count <= kMostSelected && instructions == signal_avx512) {
        return order_statistic_avx512(values, count, rank);
    }
#endif
    return order_statistic_portable(values, count, rank);
}

double order_statistic_double(double *values, size_t count, size_t rank) {
    return order_statistic_double_with(signal_selection_instructions(), values, count, rank);
}
