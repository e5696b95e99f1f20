#define _GNU_SOURCE
#include "CReadingKernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#if defined(__x86_64__)
/* 24 bytes to 32 characters per step; returns the bytes taken. Reads 28 bytes per step, so some stay for the caller.
   Method: W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using AVX2 Instructions", ACM TWEB 12(3), 2018. */
__attribute__((target("avx2"))) static size_t encode_blocks_avx2(const uint8_t *input, size_t length, char *output) {
    /* Each group of three bytes fills four: b a c b, as two 16-bit halves from which sextets are multiplied out. */
    const __m256i spread = _mm256_setr_epi8(
        1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
        1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    /* Distance from a sextet to its character: a-z, 0-9 (ten times), plus, slash, A-Z. */
    const __m256i distances = _mm256_setr_epi8(
        71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0,
        71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
    size_t i = 0;
    for (; i + 28 <= length; i += 24) {
        const __m128i low = _mm_loadu_si128((const __m128i *)(input + i));
        const __m128i high = _mm_loadu_si128((const __m128i *)(input + i + 12));
        const __m256i groups =
            _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), spread);
        const __m256i odd = _mm256_mulhi_epu16(
            _mm256_and_si256(groups, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
        const __m256i even = _mm256_mullo_epi16(
            _mm256_and_si256(groups, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
        const __m256i sextets = _mm256_or_si256(odd, even);
        const __m256i above51 = _mm256_subs_epu8(sextets, _mm256_set1_epi8(51));
        const __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), sextets);
        const __m256i range = _mm256_or_si256(above51, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
        const __m256i text = _mm256_add_epi8(sextets, _mm256_shuffle_epi8(distances, range));
        _mm256_storeu_si256((__m256i *)output, text);
        output += 32;
    }
    return i;
}
#endif

void base64_encode(const uint8_t *input, size_t length, char *output) {
    size_t i = 0;
#if defined(__x86_64__)
    if (base64_best_instructions() != base64_portable) {
        i = encode_blocks_avx2(input, length, output);
        output += i / 3 * 4;
    }
#endif
    for (; i + 3 <= length; i += 3) {
        const uint32_t group = (uint32_t)input[i] << 16 | (uint32_t)input[i + 1] << 8 | input[i + 2];
        *output++ = alphabet[group >> 18];
        *output++ = alphabet[group >> 12 & 63];
        *output++ = alphabet[group >> 6 & 63];
        *output++ = alphabet[group & 63];
    }
    const size_t rest = length - i;
    if (rest == 0) return;
    const uint32_t group = (uint32_t)input[i] << 16 | (rest == 2 ? (uint32_t)input[i + 1] << 8 : 0);
    *output++ = alphabet[group >> 18];
    *output++ = alphabet[group >> 12 & 63];
    *output++ = rest == 2 ? alphabet[group >> 6 & 63] : '=';
    *output++ = '=';
}

const void *bytes_find(const void *haystack, size_t length, const void *needle, size_t needle_length) {
    return memmem(haystack, length, needle, needle_length);
}
