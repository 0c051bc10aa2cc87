// SPDX-License-Identifier: Apache-2.0
//
// Finds frames in the bytes from the host: headers, padding, and the way back after an error.

#ifndef LEDGER_FRAMES_H
#define LEDGER_FRAMES_H

#include <stdint.h>

#include "output.h"

#define SYNC_NONCE 8u

enum frame_result {
    FRAME_MORE,      // nothing yet
    FRAME_COMPLETE,  // a control frame is complete, or the header of a DATA frame
    FRAME_MALFORMED, // the text is in `error`
};

struct frame_reader {
    uint8_t kind;
    uint8_t channel;
    uint8_t taken;      // bytes of the header and, for SYNC, of the nonce
    uint8_t seeking;    // looking for a SYNC frame, whatever comes before it
    uint16_t length;
    uint32_t payload;   // bytes of a DATA payload still to come; the user counts them down
    uint8_t nonce[SYNC_NONCE];
    const char *error;
};

void frame_reader_init(struct frame_reader *reader);

// Ignores everything up to the next SYNC frame.
void frame_reader_seek_sync(struct frame_reader *reader);

// Takes one byte that is not DATA payload (`payload` is 0).
enum frame_result frame_reader_take(struct frame_reader *reader, uint8_t byte);

#endif
