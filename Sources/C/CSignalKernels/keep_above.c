#include "CSignalKernels.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Written always and counted when usable: which points are, no branch predictor can learn. */
static size_t keep_above_portable(
    const double *position, const float *value, size_t count, float floor, double *kept_position, float *kept_value) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const double p = position[i];
        const float v = value[i];
        kept_position[kept] = p;
        kept_value[kept] = v;
        kept += (size_t)((v >= floor) & (v < INFINITY) & (p > 0) & (p < (double)INFINITY));
    }
    return kept;
}

/* Nothing is written that is not kept. */
static size_t keep_above_branching(
    const double *position, const float *value, size_t count, float floor, double *kept_position, float *kept_value) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (value[i] >= floor && value[i] < INFINITY && position[i] > 0 && position[i] < (double)INFINITY) {
            kept_position[kept] = position[i];
            kept_value[kept] = value[i];
            kept++;
        }
    }
    return kept;
}

#if defined(__x86_64__)
/* Points are moved together in registers and stored whole: stores of packed elements are slow on some processors. */
__attribute__((target("avx512f,avx512dq,avx512vl"))) static size_t keep_above_avx512(
    const double *position, const float *value, size_t count, float floor, double *kept_position, float *kept_value) {
    const __m256 low = _mm256_set1_ps(floor), infinite = _mm256_set1_ps(INFINITY);
    const __m512d zero = _mm512_setzero_pd(), far = _mm512_set1_pd((double)INFINITY);
    size_t kept = 0, i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m512d p = _mm512_loadu_pd(position + i);
        const __m256 v = _mm256_loadu_ps(value + i);
        __mmask8 usable = _mm256_cmp_ps_mask(v, low, _CMP_GE_OQ);
        usable = _mm256_mask_cmp_ps_mask(usable, v, infinite, _CMP_LT_OQ);
        usable = _mm512_mask_cmp_pd_mask(usable, p, zero, _CMP_GT_OQ);
        usable = _mm512_mask_cmp_pd_mask(usable, p, far, _CMP_LT_OQ);
        _mm512_storeu_pd(kept_position + kept, _mm512_maskz_compress_pd(usable, p));
        _mm256_storeu_ps(kept_value + kept, _mm256_maskz_compress_ps(usable, v));
        kept += (size_t)__builtin_popcount(usable);
    }
    return kept
        + keep_above_portable(
               position + i, value + i, count - i, floor, kept_position + kept, kept_value + kept);
}
#endif

size_t keep_above_with(
    signal_instructions instructions, const double *position, const float *value, size_t count, float floor,
    double *kept_position, float *kept_value) {
    if (instructions == signal_branching) {
        return keep_above_branching(position, value, count, floor, kept_position, kept_value);
    }
#if defined(__x86_64__)
    if (instructions == signal_avx512) {
        return keep_above_avx512(position, value, count, floor, kept_position, kept_value);
    }
#endif
    return keep_above_portable(position, value, count, floor, kept_position, kept_value);
}

size_t keep_above(
    const double *position, const float *value, size_t count, float floor, double *kept_position, float *kept_value) {
    return keep_above_with(signal_selection_instructions(), position, value, count, floor, kept_position, kept_value);
}

int is_ascending(const double *values, size_t count) {
    int descends = 0;
    for (size_t i = 1; i < count; i++) descends |= values[i] < values[i - 1];
    return !descends;
}
