#include "limit.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Values of table[] beside 0...63. */
enum { kInvalid = 0xFF, kSpace = 0xFE, kPad = 0xFD };

#define I kInvalid
static const uint8_t table[256] = {
    I, I, I, I, I, I, I, I, I, kSpace, kSpace, kSpace, kSpace, kSpace, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    kSpace, I, I, I, I, I, I, I, I, I, I, 62, I, I, I, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, I, I, I, kPad, I, I,
    I, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, I, I, I, I, I,
    I, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
    I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I,
};
#undef I

typedef struct {
    const uint8_t *in, *in_end;
    uint8_t *out, *out_end;
} cursor;

#if defined(__x86_64__)
/* 32 characters to 24 bytes per step; stops before the first block that holds anything outside the alphabet, or when
   fewer than 32 bytes of output are left, because each step stores 32.
   Method: W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using AVX2 Instructions", ACM TWEB 12(3), 2018. */
__attribute__((target("avx2"))) static void decode_blocks_avx2(cursor *c) {
    const __m256i low_classes = _mm256_setr_epi8(
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A,
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
    const __m256i high_classes = _mm256_setr_epi8(
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i shifts = _mm256_setr_epi8(
        0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i pack_bytes = _mm256_setr_epi8(
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i pack_lanes = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    const __m256i slash = _mm256_set1_epi8(0x2F);
    const uint8_t *in = c->in;
    uint8_t *out = c->out;
    while (c->in_end - in >= 32 && c->out_end - out >= 32) {
        const __m256i text = _mm256_loadu_si256((const __m256i *)in);
        /* The mask 0x2F keeps bit 5, which the shuffles ignore, and clears bit 7, which would zero the lane. */
        const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), slash);
        const __m256i low = _mm256_and_si256(text, slash);
        const __m256i class_of_high = _mm256_shuffle_epi8(high_classes, high);
        const __m256i class_of_low = _mm256_shuffle_epi8(low_classes, low);
        if (!_mm256_testz_si256(class_of_high, class_of_low)) break;
        const __m256i shift =
            _mm256_shuffle_epi8(shifts, _mm256_add_epi8(_mm256_cmpeq_epi8(text, slash), high));
        const __m256i sextets = _mm256_add_epi8(text, shift);
        const __m256i pairs = _mm256_maddubs_epi16(sextets, _mm256_set1_epi32(0x01400140));
        const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
        const __m256i bytes =
            _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, pack_bytes), pack_lanes);
        _mm256_storeu_si256((__m256i *)out, bytes);
        in += 32;
        out += 24;
    }
    c->in = in;
    c->out = out;
}
#endif

#if defined(__x86_64__)
/* 64 characters to 48 bytes per step, and the rest of a well-formed text in one step more; stops before the first block
   that holds anything outside the alphabet, or when the output could overflow.
   Method: W. Mula and D. Lemire, "Base64 encoding and decoding at almost the speed of a memory copy", Software: Practice
   and Experience 50(2), 2020: two table lookups of 64 entries in one instruction. */
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi"))) static void decode_blocks_avx512(cursor *c) {
    /* Sextets by character; 0x80 for what is none. Whitespace and '=' are none here. */
    static const uint8_t sextets[128] __attribute__((aligned(64))) = {
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 62,   0x80, 0x80, 0x80, 63,
        52,   53,   54,   55,   56,   57,   58,   59,   60,   61,   0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80, 0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,
        15,   16,   17,   18,   19,   20,   21,   22,   23,   24,   25,   0x80, 0x80, 0x80, 0x80, 0x80,
        0x80, 26,   27,   28,   29,   30,   31,   32,   33,   34,   35,   36,   37,   38,   39,   40,
        41,   42,   43,   44,   45,   46,   47,   48,   49,   50,   51,   0x80, 0x80, 0x80, 0x80, 0x80,
    };
    static const uint8_t bytes_in_order[64] __attribute__((aligned(64))) = {
        2,  1,  0,  6,  5,  4,  10, 9,  8,  14, 13, 12, 18, 17, 16, 22, 21, 20, 26, 25, 24, 30,
        29, 28, 34, 33, 32, 38, 37, 36, 42, 41, 40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57,
        56, 62, 61, 60, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    };
    const __m512i low_half = _mm512_load_si512(sextets), high_half = _mm512_load_si512(sextets + 64);
    const __m512i order = _mm512_load_si512(bytes_in_order);
    const __m512i to_pairs = _mm512_set1_epi32(0x01400140), to_groups = _mm512_set1_epi32(0x00011000);
    const uint8_t *in = c->in;
    uint8_t *out = c->out;
    while (c->in_end - in >= 128 && c->out_end - out >= 112) {
        const __m512i text0 = _mm512_loadu_si512(in), text1 = _mm512_loadu_si512(in + 64);
        const __m512i values0 = _mm512_permutex2var_epi8(low_half, text0, high_half);
        const __m512i values1 = _mm512_permutex2var_epi8(low_half, text1, high_half);
        const __m512i wrong = _mm512_or_si512(_mm512_or_si512(text0, values0), _mm512_or_si512(text1, values1));
        if (_mm512_movepi8_mask(wrong) != 0) break;
        const __m512i groups0 = _mm512_madd_epi16(_mm512_maddubs_epi16(values0, to_pairs), to_groups);
        const __m512i groups1 = _mm512_madd_epi16(_mm512_maddubs_epi16(values1, to_pairs), to_groups);
        _mm512_storeu_si512(out, _mm512_permutexvar_epi8(order, groups0));
        _mm512_storeu_si512(out + 48, _mm512_permutexvar_epi8(order, groups1));
        in += 128;
        out += 96;
    }
    while (in < c->in_end) {
        /* Missing characters count as 'A', which is 0. */
        const size_t count = c->in_end - in >= 64 ? 64 : (size_t)(c->in_end - in) & ~(size_t)3;
        const size_t bytes = count / 4 * 3;
        if (count == 0 || (size_t)(c->out_end - out) < bytes) break;
        const __mmask64 present = count == 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
        const __m512i text = _mm512_mask_loadu_epi8(_mm512_set1_epi8('A'), present, in);
        const __m512i values = _mm512_permutex2var_epi8(low_half, text, high_half);
        if (_mm512_movepi8_mask(_mm512_or_si512(text, values)) != 0) break;
        const __m512i groups = _mm512_madd_epi16(_mm512_maddubs_epi16(values, to_pairs), to_groups);
        _mm512_mask_storeu_epi8(out, ((__mmask64)1 << bytes) - 1, _mm512_permutexvar_epi8(order, groups));
        in += count;
        out += bytes;
    }
    c->in = in;
    c->out = out;
}
#endif

atomic_int reading_most = base64_avx512;

void reading_use(base64_instructions at_most) { atomic_store_explicit(&reading_most, at_most, memory_order_relaxed); }

/* The best that this processor has and that may be used. */
static base64_instructions best(void) {
#if defined(__x86_64__)
    const base64_instructions limit = instruction_limit();
    if (limit >= base64_avx512 && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw")) {
        return base64_avx512;
    }
    if (limit >= base64_avx2 && __builtin_cpu_supports("avx2")) return base64_avx2;
#endif
    return base64_portable;
}

base64_instructions base64_best_instructions(void) { return best(); }

/* 4 characters to 3 bytes per step; stops before the first group that holds anything outside the alphabet. */
static void decode_groups(cursor *c, size_t limit) {
    const uint8_t *in = c->in;
    uint8_t *out = c->out;
    while (limit-- > 0 && c->in_end - in >= 4 && c->out_end - out >= 3) {
        const uint32_t a = table[in[0]], b = table[in[1]], d = table[in[2]], e = table[in[3]];
        if ((a | b | d | e) & 0xC0) break;
        const uint32_t group = a << 18 | b << 12 | d << 6 | e;
        out[0] = (uint8_t)(group >> 16);
        out[1] = (uint8_t)(group >> 8);
        out[2] = (uint8_t)group;
        in += 4;
        out += 3;
    }
    c->in = in;
    c->out = out;
}

/* What one careful group found. */
typedef enum { group_decoded, group_was_last, group_absent, group_failed } group_outcome;

/* Reads one group character by character: whitespace, padding, the end of the input and every error. */
static group_outcome decode_one_group(cursor *c, base64_status *status) {
    uint32_t group = 0;
    int characters = 0, pads = 0;
    const uint8_t *in = c->in;
    while (characters + pads < 4) {
        if (in == c->in_end) {
            c->in = in;
            if (characters + pads == 0) return group_absent;
            *status = base64_incomplete_group;
            return group_failed;
        }
        const uint8_t value = table[*in];
        if (value == kSpace) {
            in += 1;
            continue;
        }
        if (value == kPad && characters >= 2) {
            pads += 1;
        } else if (value < 64 && pads == 0) {
            group |= (uint32_t)value << (18 - 6 * characters);
            characters += 1;
        } else {
            c->in = in;
            *status = base64_invalid_byte;
            return group_failed;
        }
        in += 1;
    }
    const int bytes = 3 - pads;
    if (c->out_end - c->out < bytes) {
        *status = base64_output_full;
        return group_failed;
    }
    for (int i = 0; i < bytes; i++) *c->out++ = (uint8_t)(group >> (16 - 8 * i));
    c->in = in;
    return pads > 0 ? group_was_last : group_decoded;
}

/* After padding only whitespace may follow. */
static base64_status check_rest(cursor *c) {
    while (c->in < c->in_end && table[*c->in] == kSpace) c->in += 1;
    return c->in == c->in_end ? base64_ok : base64_invalid_byte;
}

base64_result base64_decode_with(
    base64_instructions instructions, const char *input, size_t length, uint8_t *output, size_t capacity) {
    cursor c = {(const uint8_t *)input, (const uint8_t *)input + length, output, output + capacity};
    base64_status status = base64_ok;
    const int is_vectorised = instructions != base64_portable;
    for (;;) {
#if defined(__x86_64__)
        if (instructions == base64_avx512) decode_blocks_avx512(&c);
        if (instructions == base64_avx2) decode_blocks_avx2(&c);
#endif
        /* With vectors at hand, go on in groups only as far as a block that the fast loop refused. */
        decode_groups(&c, is_vectorised && c.in_end - c.in >= 64 ? 8 : SIZE_MAX);
        const group_outcome outcome = decode_one_group(&c, &status);
        if (outcome == group_decoded) continue;
        if (outcome == group_was_last) status = check_rest(&c);
        break;
    }
    return (base64_result){(size_t)(c.out - output), (size_t)(c.in - (const uint8_t *)input), status};
}

base64_result base64_decode(const char *input, size_t length, uint8_t *output, size_t capacity) {
    return base64_decode_with(best(), input, length, output, capacity);
}

base64_result base64_decode_portable(const char *input, size_t length, uint8_t *output, size_t capacity) {
    return base64_decode_with(base64_portable, input, length, output, capacity);
}
