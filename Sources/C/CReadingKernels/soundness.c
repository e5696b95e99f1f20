#include "limit.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* The rule, one point at a time. A NaN fails every comparison. */
static int sound_from(const double *mz, const float *intensity, size_t first, size_t count) {
    int sound = 1;
    for (size_t i = first; i < count; i++) {
        const double before = i > 0 ? mz[i - 1] : 0;
        sound &= mz[i] >= before && mz[i] < INFINITY && intensity[i] >= 0 && intensity[i] < INFINITY;
    }
    return sound;
}

#if defined(__x86_64__)
/* Bits of a float from +0 up to, and not including, infinity are below this as an unsigned number. A negative zero is not,
   though sound: the slow rule decides then. */
#define INFINITY_BITS 0x7F800000

__attribute__((target("avx512f"))) static int sound_avx512(const double *mz, const float *intensity, size_t count) {
    const __m512i bound = _mm512_set1_epi32(INFINITY_BITS);
    __m512i before = _mm512_setzero_si512();
    unsigned wrong = 0;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m512i first = _mm512_loadu_si512(mz + i), second = _mm512_loadu_si512(mz + i + 8);
        /* Each value's predecessor, across the vectors. */
        const __m512i before_first = _mm512_alignr_epi64(first, before, 7);
        const __m512i before_second = _mm512_alignr_epi64(second, first, 7);
        wrong |= _mm512_cmp_pd_mask(_mm512_castsi512_pd(first), _mm512_castsi512_pd(before_first), _CMP_NGE_UQ);
        wrong |= _mm512_cmp_pd_mask(_mm512_castsi512_pd(second), _mm512_castsi512_pd(before_second), _CMP_NGE_UQ);
        wrong |= _mm512_cmpge_epu32_mask(_mm512_loadu_si512(intensity + i), bound);
        before = second;
    }
    /* Ascending values are finite if the last one is. */
    return wrong == 0 && sound_from(mz, intensity, i, count) && mz[count - 1] < INFINITY;
}

__attribute__((target("avx2"))) static int sound_avx2(const double *mz, const float *intensity, size_t count) {
    const __m256i bound = _mm256_set1_epi32(INFINITY_BITS - 1);
    __m256d wrong = _mm256_setzero_pd();
    __m256i narrow_wrong = _mm256_setzero_si256();
    size_t i = 1;
    for (; i + 8 <= count; i += 8) {
        const __m256d first = _mm256_loadu_pd(mz + i), second = _mm256_loadu_pd(mz + i + 4);
        const __m256i level = _mm256_loadu_si256((const __m256i *)(intensity + i));
        wrong = _mm256_or_pd(wrong, _mm256_cmp_pd(first, _mm256_loadu_pd(mz + i - 1), _CMP_NGE_UQ));
        wrong = _mm256_or_pd(wrong, _mm256_cmp_pd(second, _mm256_loadu_pd(mz + i + 3), _CMP_NGE_UQ));
        /* Signed: too large, or negative. */
        narrow_wrong = _mm256_or_si256(narrow_wrong, _mm256_or_si256(_mm256_cmpgt_epi32(level, bound), level));
    }
    const int masks = _mm256_movemask_pd(wrong) | _mm256_movemask_ps(_mm256_castsi256_ps(narrow_wrong));
    return masks == 0 && sound_from(mz, intensity, 0, 1) && sound_from(mz, intensity, i, count)
        && mz[count - 1] < INFINITY;
}
#endif

int points_are_sound(const double *mz, const float *intensity, size_t count) {
    if (count == 0) return 1;
#if defined(__x86_64__)
    const base64_instructions limit = instruction_limit();
    if (limit >= base64_avx512 && __builtin_cpu_supports("avx512f")) {
        return sound_avx512(mz, intensity, count) || sound_from(mz, intensity, 0, count);
    }
    if (limit >= base64_avx2 && __builtin_cpu_supports("avx2")) return sound_avx2(mz, intensity, count) || sound_from(mz, intensity, 0, count);
#endif
    return sound_from(mz, intensity, 0, count);
}
