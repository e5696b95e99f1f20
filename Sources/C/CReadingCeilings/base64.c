#include "payload.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

int ceiling_uses_avx2(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 0;
#endif
}

/* The value of every character; bit 7 is set in those outside the alphabet. */
#define X 0xFF
static const uint8_t sextets[256] = {
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
    X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
    X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
#undef X

/* Whole groups of four, until one holds anything outside the alphabet. Returns the characters read. */
static size_t decode_groups(const uint8_t *text, size_t length, uint8_t *out) {
    size_t i = 0;
    for (; length - i >= 4; i += 4, out += 3) {
        const uint32_t a = sextets[text[i]], b = sextets[text[i + 1]];
        const uint32_t c = sextets[text[i + 2]], d = sextets[text[i + 3]];
        if ((a | b | c | d) & 0x80) break;
        const uint32_t group = a << 18 | b << 12 | c << 6 | d;
        out[0] = (uint8_t)(group >> 16);
        out[1] = (uint8_t)(group >> 8);
        out[2] = (uint8_t)group;
    }
    return i;
}

/* Any text: whitespace anywhere, padding at the end. For what is left by the vector loop, and where there is none. */
static size_t decode_portable(const uint8_t *text, size_t length, uint8_t *out) {
    uint8_t *const start = out;
    uint32_t group = 0;
    int characters = 0, pads = 0;
    size_t i = decode_groups(text, length, out);
    out += i / 4 * 3;
    for (; i < length; i++) {
        const uint32_t value = sextets[text[i]];
        if (value < 64 && pads == 0) {
            group = group << 6 | value;
            if (++characters == 4) {
                out[0] = (uint8_t)(group >> 16);
                out[1] = (uint8_t)(group >> 8);
                out[2] = (uint8_t)group;
                out += 3;
                characters = 0;
                const size_t more = decode_groups(text + i + 1, length - i - 1, out);
                out += more / 4 * 3;
                i += more;
            }
        } else if (text[i] == '=' && characters >= 2) {
            pads += 1;
        } else if (text[i] != ' ' && text[i] != '\n' && text[i] != '\r' && text[i] != '\t') {
            return SIZE_MAX;
        }
    }
    if (characters == 0 && pads == 0) return (size_t)(out - start);
    if (characters + pads != 4) return SIZE_MAX;
    group <<= 6 * pads;
    *out++ = (uint8_t)(group >> 16);
    if (pads == 1) *out++ = (uint8_t)(group >> 8);
    return (size_t)(out - start);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt")))

/* 32 characters to 24 bytes; *bad becomes non-zero when one of them is outside the alphabet.
   W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using AVX2 Instructions", ACM TWEB 12(3), 2018, with the
   lookup of A. Klomp's library. */
AVX2 static inline __m256i decode_block(__m256i text, __m256i *bad) {
    const __m256i by_low = _mm256_setr_epi8(
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A,
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
    const __m256i by_high = _mm256_setr_epi8(
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i rolls = _mm256_setr_epi8(
        0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i slash = _mm256_set1_epi8(0x2F);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), slash);
    const __m256i low = _mm256_and_si256(text, slash);
    *bad = _mm256_and_si256(_mm256_shuffle_epi8(by_high, high), _mm256_shuffle_epi8(by_low, low));
    const __m256i roll = _mm256_shuffle_epi8(rolls, _mm256_add_epi8(_mm256_cmpeq_epi8(text, slash), high));
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_add_epi8(text, roll), _mm256_set1_epi32(0x01400140));
    const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i packed = _mm256_shuffle_epi8(
        groups, _mm256_setr_epi8(
                    2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,
                    2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
}

AVX2 static size_t decode_avx2(const uint8_t *text, size_t length, uint8_t *out) {
    const uint8_t *const end = text + length;
    uint8_t *const start = out;
    __m256i bad_first, bad_second;
    while (end - text >= 64) {
        const __m256i first = decode_block(_mm256_loadu_si256((const __m256i *)text), &bad_first);
        const __m256i second = decode_block(_mm256_loadu_si256((const __m256i *)(text + 32)), &bad_second);
        const __m256i bad = _mm256_or_si256(bad_first, bad_second);
        if (!_mm256_testz_si256(bad, bad)) break;
        _mm256_storeu_si256((__m256i *)out, first);
        _mm256_storeu_si256((__m256i *)(out + 24), second);
        text += 64;
        out += 48;
    }
    while (end - text >= 32) {
        const __m256i block = decode_block(_mm256_loadu_si256((const __m256i *)text), &bad_first);
        if (!_mm256_testz_si256(bad_first, bad_first)) break;
        _mm256_storeu_si256((__m256i *)out, block);
        text += 32;
        out += 24;
    }
    /* The rest at once, filled up with the character for 0. */
    const size_t rest = (size_t)(end - text);
    if (rest < 32 && rest % 4 == 0) {
        uint8_t last[64];
        memset(last, 'A', 32);
        memcpy(last, text, rest);
        size_t bytes = rest / 4 * 3;
        for (size_t i = rest; bytes > 0 && i > rest - 2 && last[i - 1] == '='; i--) {
            last[i - 1] = 'A';
            bytes -= 1;
        }
        const __m256i block = decode_block(_mm256_loadu_si256((const __m256i *)last), &bad_first);
        if (_mm256_testz_si256(bad_first, bad_first)) {
            _mm256_storeu_si256((__m256i *)out, block);
            return (size_t)(out - start) + bytes;
        }
    }
    const size_t more = decode_portable(text, rest, out);
    return more == SIZE_MAX ? SIZE_MAX : (size_t)(out - start) + more;
}
#endif

size_t ceiling_decode_base64(const uint8_t *text, size_t length, uint8_t *out, int avx2) {
#if defined(__x86_64__)
    if (avx2) return decode_avx2(text, length, out);
#endif
    (void)avx2;
    return decode_portable(text, length, out);
}
