/* From the text between <binary> and </binary> to bytes: shared by both ceilings. Private to this target. */
#pragma once
#include "CReadingCeilings.h"

struct libdeflate_decompressor;

struct ceiling_scratch {
    struct libdeflate_decompressor *inflater;
    uint8_t *decoded, *inflated;
    size_t decoded_capacity, inflated_capacity;
};

typedef struct {
    const uint8_t *bytes;
    size_t count;
    ceiling_status status;
} payload_bytes;

/* base64, and inflate if `zlib`. The bytes are valid until the next call. */
payload_bytes ceiling_decode_payload(ceiling_scratch *scratch, const uint8_t *text, size_t length, int zlib, int avx2);

/* Decodes to `out`, which has room for length / 4 * 3 + 64 bytes; SIZE_MAX when the text is not base64. The bytes up to
   64 behind the text are readable. */
size_t ceiling_decode_base64(const uint8_t *text, size_t length, uint8_t *out, int avx2);

uint64_t ceiling_digest(uint64_t digest, const uint8_t *bytes, size_t count);
