/* memmem is a GNU extension. */
#define _GNU_SOURCE
#include "payload.h"

#include <string.h>

ceiling_totals ceiling_arrays(
    ceiling_scratch *scratch, const uint8_t *document, size_t length, int zlib, ceiling_sums *sums) {
    static const char start_tag[] = "<binary>";
    const size_t tag_length = sizeof start_tag - 1;
    const int avx2 = ceiling_uses_avx2();
    const uint8_t *p = document, *const end = document + length;
    ceiling_totals totals = {0};
    totals.position = length;
    while ((p = memmem(p, (size_t)(end - p), start_tag, tag_length)) != NULL) {
        p += tag_length;
        const uint8_t *close = memchr(p, '<', (size_t)(end - p));
        if (close == NULL) {
            totals.status = ceiling_unterminated;
            totals.position = (size_t)(p - document);
            return totals;
        }
        const payload_bytes payload = ceiling_decode_payload(scratch, p, (size_t)(close - p), zlib, avx2);
        if (payload.status != ceiling_ok) {
            totals.status = payload.status;
            totals.position = (size_t)(p - document);
            return totals;
        }
        totals.payloads += 1;
        totals.inflated_payloads += zlib != 0;
        totals.decoded_bytes += payload.count;
        if (sums != NULL) sums->digest = ceiling_digest(sums->digest, payload.bytes, payload.count);
        p = close;
    }
    return totals;
}
