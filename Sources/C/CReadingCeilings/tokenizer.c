#include "payload.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt")))
#endif
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* What the cvParams of an array say, as bits: all that is interpreted. */
enum { is_zlib = 1, is_double = 2, is_float = 4, is_mz = 8, is_intensity = 16 };

typedef struct {
    /* End of the tag, behind its '>'; NULL when it does not end. */
    const uint8_t *end;
    size_t name_length;
} visited_tag;

ALWAYS_INLINE uint64_t load64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

ALWAYS_INLINE int is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/* Counts one attribute. `from` is behind the name of the tag or the value before, `quote` at the opening quote, `close`
   at the closing one. Of the values only one is looked at: accession="MS:1000574" and, for the sums, its neighbours. */
ALWAYS_INLINE void visit_attribute(
    const uint8_t *from, const uint8_t *quote, const uint8_t *close, ceiling_totals *totals, unsigned *terms) {
    while (is_space(*from)) from++;
    const uint8_t *name_end = quote;
    while (name_end > from && (name_end[-1] == '=' || is_space(name_end[-1]))) name_end--;
    const size_t name_length = (size_t)(name_end - from), value_length = (size_t)(close - quote) - 1;
    totals->attributes += 1;
    totals->name_bytes += name_length;
    totals->value_bytes += value_length;
    /* accession="MS:10005xx" */
    if (name_length == 9 && value_length == 10 && from[0] == 'a' && memcmp(quote + 1, "MS:10005", 8) == 0) {
        const unsigned number = (unsigned)(quote[9] - '0') * 10 + (unsigned)(quote[10] - '0');
        *terms |= number == 74 ? is_zlib
            : number == 23     ? is_double
            : number == 21     ? is_float
            : number == 14     ? is_mz
            : number == 15     ? is_intensity
                               : 0;
    }
}

static visited_tag visit_tag_portable(
    const uint8_t *name, const uint8_t *end, ceiling_totals *totals, unsigned *terms) {
    const uint8_t *p = name;
    while (p < end && !is_space(*p) && *p != '>' && *p != '/') p++;
    visited_tag tag = {NULL, (size_t)(p - name)};
    const uint8_t *from = p;
    while (p < end) {
        if (*p == '>') {
            tag.end = p + 1;
            break;
        }
        if (*p == '"' || *p == '\'') {
            const uint8_t *close = memchr(p + 1, *p, (size_t)(end - p) - 1);
            if (close == NULL) break;
            visit_attribute(from, p, close, totals, terms);
            from = p = close + 1;
        } else {
            p++;
        }
    }
    return tag;
}

#if defined(__x86_64__)
AVX2 static inline uint32_t bytes_equal(__m256i block, char c) {
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block, _mm256_set1_epi8(c)));
}

/* Quotes and '>' of 32 bytes at a time as a bit set; only those that are no part of a value are acted upon. */
AVX2 static inline visited_tag
visit_tag_avx2(const uint8_t *name, const uint8_t *end, ceiling_totals *totals, unsigned *terms) {
    visited_tag tag = {NULL, 0};
    const uint8_t *block_start = name;
    __m256i block = _mm256_loadu_si256((const __m256i *)block_start);
    /* Bytes up to the space, '/' and '>' end a name. */
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(block, _mm256_set1_epi8(' ')), block);
    const uint32_t name_ends =
        (uint32_t)_mm256_movemask_epi8(control) | bytes_equal(block, '/') | bytes_equal(block, '>');
    const uint8_t *p = name;
    if (__builtin_expect(name_ends != 0, 1)) {
        p += __builtin_ctz(name_ends);
    } else {
        while (p < end && !is_space(*p) && *p != '>' && *p != '/') p++;
    }
    tag.name_length = (size_t)(p - name);
    const uint8_t *from = p, *quote = NULL;
    for (;;) {
        uint32_t marks = bytes_equal(block, '"') | bytes_equal(block, '\'') | bytes_equal(block, '>');
        while (marks != 0) {
            const uint8_t *mark = block_start + __builtin_ctz(marks);
            marks &= marks - 1;
            if (quote == NULL) {
                if (*mark == '>') {
                    if (mark < end) tag.end = mark + 1;
                    return tag;
                }
                quote = mark;
            } else if (*mark == *quote) {
                visit_attribute(from, quote, mark, totals, terms);
                from = mark + 1;
                quote = NULL;
            }
        }
        block_start += 32;
        if (block_start >= end) return tag;
        block = _mm256_loadu_si256((const __m256i *)block_start);
    }
}

/* The next '<': near by in most cases, as indentation is short. */
AVX2 static inline const uint8_t *next_tag_avx2(const uint8_t *p, const uint8_t *end) {
    const uint32_t marks = bytes_equal(_mm256_loadu_si256((const __m256i *)p), '<');
    if (__builtin_expect(marks != 0, 1)) {
        const uint8_t *mark = p + __builtin_ctz(marks);
        return mark < end ? mark : NULL;
    }
    return end - p > 32 ? memchr(p + 32, '<', (size_t)(end - p) - 32) : NULL;
}
#endif

/* Behind a comment, CDATA section, processing instruction or document type; NULL when it does not end. */
static const uint8_t *skip_special(const uint8_t *p, const uint8_t *end) {
    const char *terminator = ">";
    size_t length = 1;
    if (*p == '?') {
        terminator = "?>";
        length = 2;
    } else if (end - p >= 3 && memcmp(p, "!--", 3) == 0) {
        terminator = "-->";
        length = 3;
        p += 3;
    } else if (end - p >= 8 && memcmp(p, "![CDATA[", 8) == 0) {
        terminator = "]]>";
        length = 3;
    }
    while ((p = memchr(p, terminator[0], (size_t)(end - p))) != NULL) {
        if ((size_t)(end - p) < length) return NULL;
        if (memcmp(p, terminator, length) == 0) return p + length;
        p += 1;
    }
    return NULL;
}

static ceiling_status add_sums(payload_bytes payload, unsigned terms, int in_spectrum, ceiling_sums *sums) {
    sums->digest = ceiling_digest(sums->digest, payload.bytes, payload.count);
    if (!in_spectrum || !(terms & (is_mz | is_intensity))) return ceiling_ok;
    if (!(terms & (is_double | is_float))) return ceiling_other_type;
    const size_t width = terms & is_double ? 8 : 4, points = payload.count / width;
    double sum = 0;  /* One array at a time: the rounding of a sum grows with its length. */
    for (size_t i = 0; i < points; i++) {
        double wide;
        float narrow;
        if (terms & is_double) {
            memcpy(&wide, payload.bytes + 8 * i, 8);
            narrow = (float)wide;
        } else {
            memcpy(&narrow, payload.bytes + 4 * i, 4);
            wide = narrow;
        }
        sum += terms & is_mz ? wide : (double)narrow;
    }
    if (terms & is_mz) {
        sums->mz_points += points;
        sums->mz_sum += sum;
    } else {
        sums->intensity_points += points;
        sums->intensity_sum += sum;
    }
    return ceiling_ok;
}

/* The scan, for AVX2 and without: `avx2` is a constant where it is inlined. */
ALWAYS_INLINE ceiling_totals scan(
    ceiling_scratch *scratch, const uint8_t *document, size_t length, ceiling_sums *sums, const int avx2,
    const int decodes_with_avx2) {
    const uint8_t *p = document, *const end = document + length;
    ceiling_totals totals = {0};
    unsigned terms = 0;
    int in_spectrum = 0;
    totals.status = ceiling_unterminated;
    for (;;) {
#if defined(__x86_64__)
        const uint8_t *mark = avx2 ? next_tag_avx2(p, end) : memchr(p, '<', (size_t)(end - p));
#else
        const uint8_t *mark = memchr(p, '<', (size_t)(end - p));
#endif
        if (mark == NULL) {
            totals.status = ceiling_ok;
            totals.position = length;
            return totals;
        }
        p = mark + 1;
        totals.position = (size_t)(mark - document);
        if (*p == '/') {
            p = memchr(p, '>', (size_t)(end - p));
            if (p == NULL) return totals;
            totals.end_tags += 1;
            if (sums != NULL && memcmp(mark, "</spectrum>", 11) == 0) in_spectrum = 0;
            p += 1;
            continue;
        }
        if (*p == '!' || *p == '?') {
            p = skip_special(p, end);
            if (p == NULL) return totals;
            continue;
        }
#if defined(__x86_64__)
        const visited_tag tag =
            avx2 ? visit_tag_avx2(p, end, &totals, &terms) : visit_tag_portable(p, end, &totals, &terms);
#else
        const visited_tag tag = visit_tag_portable(p, end, &totals, &terms);
#endif
        if (tag.end == NULL) return totals;
        totals.start_tags += 1;
        if (tag.name_length == 15 && load64(p) == load64((const uint8_t *)"binaryDa")) {
            terms = 0;
        } else if (tag.name_length == 6 && tag.end[-2] != '/' && memcmp(p, "binary", 6) == 0) {
            const uint8_t *close = memchr(tag.end, '<', (size_t)(end - tag.end));
            if (close == NULL) return totals;
            const int zlib = (terms & is_zlib) != 0;
            const payload_bytes payload =
                ceiling_decode_payload(scratch, tag.end, (size_t)(close - tag.end), zlib, decodes_with_avx2);
            totals.status = payload.status;
            if (sums != NULL && payload.status == ceiling_ok) {
                totals.status = add_sums(payload, terms, in_spectrum, sums);
            }
            if (totals.status != ceiling_ok) return totals;
            totals.status = ceiling_unterminated;
            totals.payloads += 1;
            totals.inflated_payloads += zlib != 0;
            totals.decoded_bytes += payload.count;
            p = close;
            continue;
        } else if (sums != NULL && tag.name_length == 8 && memcmp(p, "spectrum", 8) == 0) {
            in_spectrum = tag.end[-2] != '/';
        }
        p = tag.end;
    }
}

#if defined(__x86_64__)
AVX2 __attribute__((flatten)) static ceiling_totals
scan_avx2(ceiling_scratch *scratch, const uint8_t *document, size_t length, ceiling_sums *sums) {
    return scan(scratch, document, length, sums, 1, 1);
}
#endif

ceiling_totals ceiling_tokenizer(
    ceiling_scratch *scratch, const uint8_t *document, size_t length, ceiling_tag_scan tag_scan, ceiling_sums *sums) {
    const int avx2 = ceiling_uses_avx2();
#if defined(__x86_64__)
    if (avx2 && tag_scan == ceiling_vectorised_tags) return scan_avx2(scratch, document, length, sums);
#else
    (void)tag_scan;
#endif
    return scan(scratch, document, length, sums, 0, avx2);
}
