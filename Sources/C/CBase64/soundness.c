#include "CBase64.h"

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
__attribute__((target("avx512f"))) static int sound_avx512(const double *mz, const float *intensity, size_t count) {
    const __m512d infinity = _mm512_set1_pd(INFINITY);
    const __m512 narrow_infinity = _mm512_set1_ps(INFINITY);
    unsigned wrong = sound_from(mz, intensity, 0, 1) ? 0 : 1;
    size_t i = 1;
    for (; i + 16 <= count; i += 16) {
        const __m512d first = _mm512_loadu_pd(mz + i), second = _mm512_loadu_pd(mz + i + 8);
        const __m512 level = _mm512_loadu_ps(intensity + i);
        wrong |= _mm512_cmp_pd_mask(first, _mm512_loadu_pd(mz + i - 1), _CMP_NGE_UQ);
        wrong |= _mm512_cmp_pd_mask(second, _mm512_loadu_pd(mz + i + 7), _CMP_NGE_UQ);
        wrong |= _mm512_cmp_pd_mask(second, infinity, _CMP_NLT_UQ);
        wrong |= _mm512_cmp_ps_mask(level, _mm512_setzero_ps(), _CMP_NGE_UQ);
        wrong |= _mm512_cmp_ps_mask(level, narrow_infinity, _CMP_NLT_UQ);
    }
    return wrong == 0 && sound_from(mz, intensity, i, count);
}

__attribute__((target("avx2"))) static int sound_avx2(const double *mz, const float *intensity, size_t count) {
    const __m256d infinity = _mm256_set1_pd(INFINITY);
    const __m256 narrow_infinity = _mm256_set1_ps(INFINITY);
    __m256d wrong = _mm256_setzero_pd();
    __m256 narrow_wrong = _mm256_setzero_ps();
    size_t i = 1;
    for (; i + 8 <= count; i += 8) {
        const __m256d first = _mm256_loadu_pd(mz + i), second = _mm256_loadu_pd(mz + i + 4);
        const __m256 level = _mm256_loadu_ps(intensity + i);
        wrong = _mm256_or_pd(wrong, _mm256_cmp_pd(first, _mm256_loadu_pd(mz + i - 1), _CMP_NGE_UQ));
        wrong = _mm256_or_pd(wrong, _mm256_cmp_pd(second, _mm256_loadu_pd(mz + i + 3), _CMP_NGE_UQ));
        wrong = _mm256_or_pd(wrong, _mm256_cmp_pd(second, infinity, _CMP_NLT_UQ));
        narrow_wrong = _mm256_or_ps(narrow_wrong, _mm256_cmp_ps(level, _mm256_setzero_ps(), _CMP_NGE_UQ));
        narrow_wrong = _mm256_or_ps(narrow_wrong, _mm256_cmp_ps(level, narrow_infinity, _CMP_NLT_UQ));
    }
    const int masks = _mm256_movemask_pd(wrong) | _mm256_movemask_ps(narrow_wrong);
    return masks == 0 && sound_from(mz, intensity, 0, 1) && sound_from(mz, intensity, i, count);
}
#endif

int points_are_sound(const double *mz, const float *intensity, size_t count) {
    if (count == 0) return 1;
#if defined(__x86_64__)
    /* Ascending values are finite if the last one is, so one look at infinity per step does. */
    if (__builtin_cpu_supports("avx512f")) return sound_avx512(mz, intensity, count);
    if (__builtin_cpu_supports("avx2")) return sound_avx2(mz, intensity, count);
#endif
    return sound_from(mz, intensity, 0, count);
}
