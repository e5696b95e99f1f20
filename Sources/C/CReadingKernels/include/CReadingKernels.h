#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    base64_ok = 0,
    /* A byte that is neither of the alphabet, nor ASCII whitespace, nor correct padding. */
    base64_invalid_byte = 1,
    /* The text ends inside a group of four characters. */
    base64_incomplete_group = 2,
    /* The text decodes to more bytes than the output can hold. */
    base64_output_full = 3,
} base64_status;

typedef struct {
    /* Bytes written to the output. */
    size_t written;
    /* Where in the input decoding stopped: the offending byte, or the length of the input when all is well. */
    size_t position;
    base64_status status;
} base64_result;

/* Decodes RFC 4648 section 4 base64 with mandatory padding. Space, tab, CR, LF, VT and FF are skipped wherever they
   stand. Unused bits of the last group are not required to be zero. Never writes outside output[0 ..< capacity], and
   may write scratch bytes between `written` and `capacity`. 32 spare bytes of capacity keep the fast loop to the end. */
base64_result base64_decode(const char *input, size_t length, uint8_t *output, size_t capacity);

/* The same by the portable path only: the reference for tests. */
base64_result base64_decode_portable(const char *input, size_t length, uint8_t *output, size_t capacity);

typedef enum { base64_portable = 0, base64_avx2 = 1, base64_avx512 = 2 } base64_instructions;

/* What base64_decode uses: what this machine has, or less where reading_use says so. */
base64_instructions base64_best_instructions(void);

/* What all functions here use at most from now on, in this process. No result depends on it. */
void reading_use(base64_instructions at_most);

/* The same with instructions that the machine must have: for tests and measurements. */
base64_result base64_decode_with(
    base64_instructions instructions, const char *input, size_t length, uint8_t *output, size_t capacity);

/* Whether every m/z is finite, not negative and not below the one before it, and every intensity finite and not
   negative. One pass, vectorised where the machine can. */
int points_are_sound(const double *mz, const float *intensity, size_t count);

/* Characters that base64_encode writes for `length` bytes: 4 for each started group of 3. */
static inline size_t base64_encoded_length(size_t length) { return (length + 2) / 3 * 4; }

/* Encodes with padding and without line breaks; writes base64_encoded_length(length) characters. */
void base64_encode(const uint8_t *input, size_t length, char *output);

/* Most bytes that one call of bytes_positions looks at, and most positions that it writes. */
#define BYTES_POSITIONS_WINDOW 1024

/* Where a byte occurs among the first BYTES_POSITIONS_WINDOW bytes of start ..< end, ascending, counted from start;
   returns how often. */
size_t bytes_positions(uint8_t wanted, const uint8_t *start, const uint8_t *end, uint32_t *positions);

/* The same for the '<' of tags, without those tags of a <spectrum> that say nothing of its peaks: frequent terms such as
   the total ion current, user parameters, scan windows, and the ends of all elements but spectra and arrays. */
size_t spectrum_tags(const uint8_t *start, const uint8_t *end, uint32_t *positions);

/* The quote that ends the attribute value at `start`; NULL when there is none, or a '<', which no value can hold, is first. */
const uint8_t *attribute_value_end(uint8_t quote, const uint8_t *start, const uint8_t *end);

/* Of a text whose form is known, `length` constant bytes, and behind them, unless `quote` is 0, a value that the next
   `quote` ends. The quote itself begins the next piece. */
typedef struct {
    uint32_t length;
    uint32_t quote;
} form_piece;

/* Where a text of `count` pieces that begins at `start` ends; NULL when the bytes are others, or a '<' stands in a value.
   `constant` holds the constant bytes of all pieces, one after the other. Start and end of the value behind piece i go to
   values[2 * i] and values[2 * i + 1]. Reads nothing outside start ..< end. */
const uint8_t *form_match(
    const uint8_t *constant, const form_piece *pieces, size_t count, const uint8_t *start, const uint8_t *end,
    const uint8_t **values);

/* The same with instructions that the machine must have: for tests. */
const uint8_t *form_match_with(
    base64_instructions instructions, const uint8_t *constant, const form_piece *pieces, size_t count,
    const uint8_t *start, const uint8_t *end, const uint8_t **values);

/* First occurrence of the needle, or NULL. A GNU extension that Swift's Glibc module does not show. */
const void *bytes_find(const void *haystack, size_t length, const void *needle, size_t needle_length);

#ifdef __cplusplus
}
#endif
