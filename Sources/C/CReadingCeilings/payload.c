#include "payload.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

ceiling_scratch *ceiling_scratch_create(void) {
    ceiling_scratch *scratch = calloc(1, sizeof *scratch);
    if (scratch == NULL) return NULL;
    scratch->inflater = libdeflate_alloc_decompressor();
    if (scratch->inflater == NULL) {
        free(scratch);
        return NULL;
    }
    return scratch;
}

void ceiling_scratch_destroy(ceiling_scratch *scratch) {
    if (scratch == NULL) return;
    libdeflate_free_decompressor(scratch->inflater);
    free(scratch->decoded);
    free(scratch->inflated);
    free(scratch);
}

/* Grows geometrically, so that it happens a handful of times in a run. */
static int reserve(uint8_t **buffer, size_t *capacity, size_t wanted) {
    if (wanted <= *capacity) return 1;
    const size_t size = wanted + wanted / 2 + 4096;
    uint8_t *larger = realloc(*buffer, size);
    if (larger == NULL) return 0;
    *buffer = larger;
    *capacity = size;
    return 1;
}

payload_bytes ceiling_decode_payload(ceiling_scratch *s, const uint8_t *text, size_t length, int zlib, int avx2) {
    if (!reserve(&s->decoded, &s->decoded_capacity, length / 4 * 3 + 64)) {
        return (payload_bytes){NULL, 0, ceiling_no_memory};
    }
    const size_t decoded = ceiling_decode_base64(text, length, s->decoded, avx2);
    if (decoded == SIZE_MAX) return (payload_bytes){NULL, 0, ceiling_bad_base64};
    if (!zlib || decoded == 0) return (payload_bytes){s->decoded, decoded, ceiling_ok};
    if (!reserve(&s->inflated, &s->inflated_capacity, 4 * decoded + 1024)) {
        return (payload_bytes){NULL, 0, ceiling_no_memory};
    }
    for (;;) {
        size_t inflated = 0;
        switch (libdeflate_zlib_decompress(
            s->inflater, s->decoded, decoded, s->inflated, s->inflated_capacity, &inflated)) {
        case LIBDEFLATE_SUCCESS: return (payload_bytes){s->inflated, inflated, ceiling_ok};
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            if (!reserve(&s->inflated, &s->inflated_capacity, 2 * s->inflated_capacity)) {
                return (payload_bytes){NULL, 0, ceiling_no_memory};
            }
            break;
        default: return (payload_bytes){NULL, 0, ceiling_bad_zlib};
        }
    }
}

uint64_t ceiling_digest(uint64_t digest, const uint8_t *bytes, size_t count) {
    digest ^= count;
    for (size_t i = 0; i < count; i++) digest = (digest ^ bytes[i]) * 0x100000001B3u;
    return digest;
}
