#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Readable bytes that must follow the last byte of a document: the vector loops look ahead. Their values do not matter. */
#define CEILING_PADDING 64

typedef enum {
    ceiling_ok = 0,
    /* A tag, a comment or a payload that does not end. */
    ceiling_unterminated = 1,
    ceiling_bad_base64 = 2,
    ceiling_bad_zlib = 3,
    /* Only when sums are asked for: an array that is neither 32-bit nor 64-bit float. */
    ceiling_other_type = 4,
    ceiling_no_memory = 5,
} ceiling_status;

/* What a pass has visited. Every figure depends on the work having been done. */
typedef struct {
    ceiling_status status;
    /* Where in the document it stopped; its length when all is well. */
    size_t position;
    /* Start tags (empty elements included), end tags, attributes, and the bytes of their names and values. 0 in (B). */
    size_t start_tags, end_tags, attributes, name_bytes, value_bytes;
    /* Payloads decoded, those of them that were inflated, and their bytes after base64 and zlib. */
    size_t payloads, inflated_payloads, decoded_bytes;
} ceiling_totals;

/* What the payloads hold; filled only by the passes that are not timed. */
typedef struct {
    /* Digest of all decoded bytes in document order: equal in (A) and (B). */
    uint64_t digest;
    /* Of the arrays m/z (MS:1000514) and intensity (MS:1000515) inside <spectrum>. 0 in (B), which knows no metadata.
       Intensities are rounded to 32 bits before they are added, as the engine holds them. */
    size_t mz_points, intensity_points;
    double mz_sum, intensity_sum;
} ceiling_sums;

/* Buffers and a decompressor, reused from payload to payload and from pass to pass. One thread at a time. */
typedef struct ceiling_scratch ceiling_scratch;

/* NULL when memory is short. */
ceiling_scratch *ceiling_scratch_create(void);
void ceiling_scratch_destroy(ceiling_scratch *scratch);

/* How tags are taken apart. Payloads are decoded alike. */
typedef enum {
    /* Quotes and ends of tags by bit sets of 32 bytes, where the processor has AVX2. */
    ceiling_vectorised_tags = 0,
    /* Byte by byte, memchr for the rest: the tokenizer of a plain C program. */
    ceiling_bytewise_tags = 1,
} ceiling_tag_scan;

/* (A) One scan over the document. `sums` is NULL in a timed pass. */
ceiling_totals ceiling_tokenizer(
    ceiling_scratch *scratch, const uint8_t *document, size_t length, ceiling_tag_scan tag_scan, ceiling_sums *sums);

/* (B) memmem for "<binary>", memchr for its end. `zlib`: whether the payloads are compressed, all alike. */
ceiling_totals ceiling_arrays(
    ceiling_scratch *scratch, const uint8_t *document, size_t length, int zlib, ceiling_sums *sums);

/* Whether the AVX2 paths run on this machine. */
int ceiling_uses_avx2(void);

#ifdef __cplusplus
}
#endif
