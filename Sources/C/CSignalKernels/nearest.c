#include "CSignalKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Half way between two neighbours both are equally near; from there on it is the upper one. */
static void nearest_portable(
    const double *ascending, size_t count, const double *wanted, size_t wanted_count, int32_t *nearest) {
    size_t place = 0;
    for (size_t i = 0; i < wanted_count; i++) {
        const double twice = 2 * wanted[i];
        while (place + 1 < count && ascending[place] + ascending[place + 1] <= twice) place++;
        nearest[i] = (int32_t)place;
    }
}

#if defined(__x86_64__)
/* How many middles between neighbours a value has passed, by halving. */
static inline size_t passed_middles(const double *ascending, size_t count, double twice) {
    size_t place = 0;
    for (size_t length = count - 1; length > 0;) {
        const size_t half = (length + 1) / 2;
        const size_t middle = place + half - 1;
        place = ascending[middle] + ascending[middle + 1] <= twice ? place + half : place;
        length -= half;
    }
    return place;
}

/* How many of the next few middles are passed is a number of bits: nothing for a branch predictor to learn. */
__attribute__((target("avx512f,avx512dq,avx512vl"))) static inline size_t advance_avx512(
    const double *ascending, size_t place, double wanted) {
    const __m512d twice = _mm512_set1_pd(2 * wanted);
    for (;;) {
        const __m512d middles =
            _mm512_add_pd(_mm512_loadu_pd(ascending + place), _mm512_loadu_pd(ascending + place + 1));
        const unsigned passed = _mm512_cmp_pd_mask(middles, twice, _CMP_LE_OQ);
        if (passed != 0xff) return place + (size_t)__builtin_ctz(~passed);
        place += 8;
    }
}

__attribute__((target("avx2"))) static inline size_t advance_avx2(
    const double *ascending, size_t place, double wanted) {
    const __m256d twice = _mm256_set1_pd(2 * wanted);
    for (;;) {
        const __m256d middles =
            _mm256_add_pd(_mm256_loadu_pd(ascending + place), _mm256_loadu_pd(ascending + place + 1));
        const unsigned passed = (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(middles, twice, _CMP_LE_OQ));
        if (passed != 0xf) return place + (size_t)__builtin_ctz(~passed);
        place += 4;
    }
}

/* Each place is found from the one before it, which takes its time: four quarters of the values take turns. */
#define DEFINE_NEAREST(NAME, TARGET, ADVANCE)                                                                         \
    __attribute__((target(TARGET))) static void NAME(                                                                 \
        const double *ascending, size_t count, const double *wanted, size_t wanted_count, int32_t *nearest) {         \
        const size_t quarter = wanted_count / 4;                                                                      \
        size_t first = 0, rest = 0;                                                                                   \
        if (quarter >= 4) {                                                                                           \
            size_t a = 0, b = passed_middles(ascending, count, 2 * wanted[quarter]),                                  \
                   c = passed_middles(ascending, count, 2 * wanted[2 * quarter]),                                     \
                   d = passed_middles(ascending, count, 2 * wanted[3 * quarter]);                                     \
            for (size_t i = 0; i < quarter; i++) {                                                                    \
                nearest[i] = (int32_t)(a = ADVANCE(ascending, a, wanted[i]));                                         \
                nearest[quarter + i] = (int32_t)(b = ADVANCE(ascending, b, wanted[quarter + i]));                     \
                nearest[2 * quarter + i] = (int32_t)(c = ADVANCE(ascending, c, wanted[2 * quarter + i]));             \
                nearest[3 * quarter + i] = (int32_t)(d = ADVANCE(ascending, d, wanted[3 * quarter + i]));             \
            }                                                                                                         \
            first = 4 * quarter;                                                                                      \
            rest = d;                                                                                                 \
        }                                                                                                             \
        for (size_t i = first; i < wanted_count; i++) {                                                               \
            nearest[i] = (int32_t)(rest = ADVANCE(ascending, rest, wanted[i]));                                       \
        }                                                                                                             \
    }

DEFINE_NEAREST(nearest_avx512, "avx512f,avx512dq,avx512vl", advance_avx512)
DEFINE_NEAREST(nearest_avx2, "avx2", advance_avx2)
#endif

void nearest_in_ascending_with(
    signal_instructions instructions, const double *ascending, size_t count, const double *wanted,
    size_t wanted_count, int32_t *nearest) {
#if defined(__x86_64__)
    switch (instructions) {
    case signal_avx512: nearest_avx512(ascending, count, wanted, wanted_count, nearest); return;
    case signal_avx2: nearest_avx2(ascending, count, wanted, wanted_count, nearest); return;
    default: break;
    }
#else
    (void)instructions;
#endif
    nearest_portable(ascending, count, wanted, wanted_count, nearest);
}

void nearest_in_ascending(
    const double *ascending, size_t count, const double *wanted, size_t wanted_count, int32_t *nearest) {
    nearest_in_ascending_with(signal_best_instructions(), ascending, count, wanted, wanted_count, nearest);
}
