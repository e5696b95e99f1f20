#include "limit.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <string.h>

/* Positions in [from, to) relative to start, appended at out. */
static uint32_t *positions_portable(
    const uint8_t *start, const uint8_t *from, const uint8_t *to, uint8_t wanted, uint32_t *out) {
    while (from < to && (from = memchr(from, wanted, (size_t)(to - from))) != NULL) *out++ = (uint32_t)(from++ - start);
    return out;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,bmi"))) static uint32_t *positions_avx512(
    const uint8_t *start, const uint8_t **from, const uint8_t *to, uint8_t wanted, uint32_t *out) {
    const __m512i pattern = _mm512_set1_epi8((char)wanted);
    const uint8_t *p = *from;
    for (; to - p >= 64; p += 64) {
        _mm_prefetch((const char *)p + BYTES_POSITIONS_WINDOW, _MM_HINT_T0);
        uint64_t marks = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), pattern);
        for (; marks != 0; marks &= marks - 1) *out++ = (uint32_t)(p - start) + (uint32_t)__builtin_ctzll(marks);
    }
    *from = p;
    return out;
}

__attribute__((target("avx2,bmi"))) static uint32_t *positions_avx2(
    const uint8_t *start, const uint8_t **from, const uint8_t *to, uint8_t wanted, uint32_t *out) {
    const __m256i pattern = _mm256_set1_epi8((char)wanted);
    const uint8_t *p = *from;
    for (; to - p >= 64; p += 64) {
        const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), pattern);
        const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(p + 32)), pattern);
        uint64_t marks = (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
        for (; marks != 0; marks &= marks - 1) *out++ = (uint32_t)(p - start) + (uint32_t)__builtin_ctzll(marks);
    }
    *from = p;
    return out;
}
#endif

size_t bytes_positions(uint8_t wanted, const uint8_t *start, const uint8_t *end, uint32_t *positions) {
    const uint8_t *from = start;
    const uint8_t *const to = end - start > BYTES_POSITIONS_WINDOW ? start + BYTES_POSITIONS_WINDOW : end;
    uint32_t *out = positions;
#if defined(__x86_64__)
    const base64_instructions limit = instruction_limit();
    if (limit >= base64_avx512 && __builtin_cpu_supports("avx512bw")) {
        out = positions_avx512(start, &from, to, wanted, out);
    } else if (limit >= base64_avx2 && __builtin_cpu_supports("avx2")) {
        out = positions_avx2(start, &from, to, wanted, out);
    }
#endif
    return (size_t)(positions_portable(start, from, to, wanted, out) - positions);
}
