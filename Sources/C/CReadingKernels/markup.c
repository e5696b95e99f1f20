#include "CReadingKernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

static uint64_t load64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

/* `<cvParam cvRef="MS" accession="MS:`: the usual order of the attributes. */
static int is_usual_term(const uint8_t *tag) {
    static const uint8_t usual[] = "<cvParam cvRef=\"MS\" accession=\"MS:";
    return load64(tag) == load64(usual) && load64(tag + 8) == load64(usual + 8)
        && load64(tag + 16) == load64(usual + 16) && load64(tag + 24) == load64(usual + 24) && tag[32] == 'S'
        && tag[33] == ':';
}

/* Frequent terms that say nothing of what is read: by seven digits and the quote behind them, as a little-endian word. */
static int is_dull_term(const uint8_t *digits) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    switch (load64(digits)) {
    case 0x2239373530303031: /* MS:1000579 MS1 spectrum */
    case 0x2230383530303031: /* MS:1000580 MSn spectrum */
    case 0x2234393230303031: /* MS:1000294 mass spectrum */
    case 0x2234303530303031: /* MS:1000504 base peak m/z */
    case 0x2235303530303031: /* MS:1000505 base peak intensity */
    case 0x2235383230303031: /* MS:1000285 total ion current */
    case 0x2235393730303031: /* MS:1000795 no combination */
    case 0x2231303530303031: /* MS:1000501 scan window lower limit */
    case 0x2230303530303031: /* MS:1000500 scan window upper limit */
    case 0x2232313530303031: /* MS:1000512 filter string */
    case 0x2236313630303031: /* MS:1000616 preset scan configuration */
    case 0x2237323930303031: /* MS:1000927 ion injection time */
    case 0x2236393730303031: /* MS:1000796 spectrum title */
    case 0x2233333130303031: /* MS:1000133 collision-induced dissociation */
    case 0x2232323430303031: /* MS:1000422 beam-type collision-induced dissociation */
        return 1;
    default:
        return 0;
    }
#else
    (void)digits;
    return 0;
#endif
}

/* `tag` is at a '<' with 48 readable bytes. */
static int is_dull(const uint8_t *tag) {
    switch (tag[1]) {
    case 'c':
        return is_usual_term(tag) && is_dull_term(tag + 34);
    case '/':
        /* All but the ends of a spectrum and of an array. */
        return !(tag[2] == 's' && tag[3] == 'p') && !(tag[2] == 'b' && tag[8] == 'D');
    case 's':
        return memcmp(tag, "<scanWindow", 11) == 0;
    case 'b':
        return memcmp(tag, "<binaryDataArrayList", 20) == 0;
    case 'u':
        return memcmp(tag, "<userParam", 10) == 0;
    default:
        return 0;
    }
}

size_t spectrum_tags(const uint8_t *start, const uint8_t *end, uint32_t *positions) {
    const size_t count = bytes_positions('<', start, end, positions);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t position = positions[i];
        positions[kept] = position;
        kept += (size_t)(end - start) < (size_t)position + 48 || !is_dull(start + position);
    }
    return kept;
}

const uint8_t *attribute_value_end(uint8_t quote, const uint8_t *start, const uint8_t *end) {
    const uint8_t *p = start;
#if defined(__x86_64__)
    const __m128i quotes = _mm_set1_epi8((char)quote), brackets = _mm_set1_epi8('<');
    for (; end - p >= 16; p += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)p);
        const int marks =
            _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, quotes), _mm_cmpeq_epi8(block, brackets)));
        if (marks == 0) continue;
        p += __builtin_ctz((unsigned)marks);
        return *p == quote ? p : NULL;
    }
#endif
    for (; p < end; p++) {
        if (*p == quote) return p;
        if (*p == '<') return NULL;
    }
    return NULL;
}
