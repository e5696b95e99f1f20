#include "limit.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* What is compared is read once, in order, and in steps too short for the processor to fetch it ahead by itself. */
enum { kAhead = 1536 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* The end of the value at `p`; NULL when there is none, or a '<' comes first. */
static const uint8_t *value_end_bytewise(uint8_t quote, const uint8_t *p, const uint8_t *end) {
    for (; p < end; p++) {
        if (*p == quote) return p;
        if (*p == '<') return NULL;
    }
    return NULL;
}

static const uint8_t *form_match_portable(
    const uint8_t *constant, const form_piece *pieces, size_t count, const uint8_t *start, const uint8_t *end,
    const uint8_t **values) {
    const uint8_t *p = start;
    for (size_t i = 0; i < count; i++) {
        const size_t length = pieces[i].length;
        if ((size_t)(end - p) < length || memcmp(p, constant, length) != 0) return NULL;
        constant += length;
        p += length;
        if (pieces[i].quote == 0) continue;
        values[2 * i] = p;
        p = value_end_bytewise((uint8_t)pieces[i].quote, p, end);
        if (p == NULL) return NULL;
        values[2 * i + 1] = p;
    }
    return p;
}

#if defined(__x86_64__)
/* Masked loads touch no byte outside the mask. */
__attribute__((target("avx512f,avx512bw,bmi,bmi2"))) static const uint8_t *form_match_avx512(
    const uint8_t *constant, const form_piece *pieces, size_t count, const uint8_t *start, const uint8_t *end,
    const uint8_t **values) {
    const __m512i bracket = _mm512_set1_epi8('<');
    const uint8_t *p = start;
    for (size_t i = 0; i < count; i++) {
        size_t length = pieces[i].length;
        if ((size_t)(end - p) < length) return NULL;
        __builtin_prefetch(p + kAhead);
        for (; length >= 64; length -= 64, p += 64, constant += 64) {
            __builtin_prefetch(p + kAhead + 64);
            if (_mm512_cmpneq_epi8_mask(_mm512_loadu_si512(p), _mm512_loadu_si512(constant)) != 0) return NULL;
        }
        const __mmask64 rest = _bzhi_u64(~(uint64_t)0, (unsigned)length);
        if (_mm512_mask_cmpneq_epi8_mask(
                rest, _mm512_maskz_loadu_epi8(rest, p), _mm512_maskz_loadu_epi8(rest, constant)) != 0) {
            return NULL;
        }
        constant += length;
        p += length;
        if (pieces[i].quote == 0) continue;
        values[2 * i] = p;
        const __m512i quotes = _mm512_set1_epi8((char)pieces[i].quote);
        for (;;) {
            const size_t left = (size_t)(end - p);
            if (left == 0) return NULL;
            const __mmask64 present = left >= 64 ? ~(uint64_t)0 : _bzhi_u64(~(uint64_t)0, (unsigned)left);
            const __m512i block = _mm512_maskz_loadu_epi8(present, p);
            const __mmask64 ends = _mm512_cmpeq_epi8_mask(block, quotes);
            const __mmask64 marks = ends | _mm512_cmpeq_epi8_mask(block, bracket);
            if (marks != 0) {
                if ((ends & marks & -marks) == 0) return NULL;
                p += __builtin_ctzll(marks);
                break;
            }
            p += left >= 64 ? 64 : left;
        }
        values[2 * i + 1] = p;
    }
    return p;
}

ALWAYS_INLINE __attribute__((target("avx2"))) int blocks_differ(const uint8_t *a, const uint8_t *b) {
    return _mm256_movemask_epi8(
               _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)a), _mm256_loadu_si256((const __m256i *)b)))
        != -1;
}

__attribute__((target("avx2,bmi"))) static const uint8_t *form_match_avx2(
    const uint8_t *constant, const form_piece *pieces, size_t count, const uint8_t *start, const uint8_t *end,
    const uint8_t **values) {
    const __m256i bracket = _mm256_set1_epi8('<');
    const uint8_t *p = start;
    for (size_t i = 0; i < count; i++) {
        const size_t length = pieces[i].length;
        if ((size_t)(end - p) < length) return NULL;
        __builtin_prefetch(p + kAhead);
        if (length >= 32) {
            size_t at = 0;
            for (; length - at >= 32; at += 32) {
                if (at % 64 == 0) __builtin_prefetch(p + at + kAhead + 64);
                if (blocks_differ(p + at, constant + at)) return NULL;
            }
            /* The last block overlaps the one before it. */
            if (blocks_differ(p + length - 32, constant + length - 32)) return NULL;
        } else if (memcmp(p, constant, length) != 0) {
            return NULL;
        }
        constant += length;
        p += length;
        if (pieces[i].quote == 0) continue;
        const uint8_t quote = (uint8_t)pieces[i].quote;
        values[2 * i] = p;
        const __m256i quotes = _mm256_set1_epi8((char)quote);
        for (;;) {
            if (end - p < 32) {
                p = value_end_bytewise(quote, p, end);
                break;
            }
            const __m256i block = _mm256_loadu_si256((const __m256i *)p);
            const unsigned marks = (unsigned)_mm256_movemask_epi8(
                _mm256_or_si256(_mm256_cmpeq_epi8(block, quotes), _mm256_cmpeq_epi8(block, bracket)));
            if (marks != 0) {
                p += __builtin_ctz(marks);
                if (*p != quote) p = NULL;
                break;
            }
            p += 32;
        }
        if (p == NULL) return NULL;
        values[2 * i + 1] = p;
    }
    return p;
}
#endif

const uint8_t *form_match(
    const uint8_t *constant, const form_piece *pieces, size_t count, const uint8_t *start, const uint8_t *end,
    const uint8_t **values) {
#if defined(__x86_64__)
    const base64_instructions limit = instruction_limit();
    if (limit >= base64_avx512 && __builtin_cpu_supports("avx512bw")) {
        return form_match_avx512(constant, pieces, count, start, end, values);
    }
    if (limit >= base64_avx2 && __builtin_cpu_supports("avx2")) return form_match_avx2(constant, pieces, count, start, end, values);
#endif
    return form_match_portable(constant, pieces, count, start, end, values);
}

const uint8_t *form_match_with(
    base64_instructions instructions, const uint8_t *constant, const form_piece *pieces, size_t count,
    const uint8_t *start, const uint8_t *end, const uint8_t **values) {
#if defined(__x86_64__)
    switch (instructions) {
    case base64_avx512: return form_match_avx512(constant, pieces, count, start, end, values);
    case base64_avx2: return form_match_avx2(constant, pieces, count, start, end, values);
    case base64_portable: break;
    }
#else
    (void)instructions;
#endif
    return form_match_portable(constant, pieces, count, start, end, values);
}
