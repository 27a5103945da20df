#include "CMessages.h"
#include <stdlib.h>

struct budget {
    size_t left;
};

static void *take(void *data, size_t size) {
    struct budget *budget = data;
    // What malloc adds counts too.
    if (size > budget->left || budget->left - size < 16) return NULL;
    budget->left -= size + 16;
    return malloc(size);
}

static void give(void *data, void *pointer) {
    (void)data;
    free(pointer);
}

ProtobufCMessage *messages_decode(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t count,
                                  size_t budget) {
    struct budget state = {budget};
    ProtobufCAllocator allocator = {take, give, &state};
    // The parser takes a null pointer for no message even when it is empty.
    static const uint8_t nothing;
    return protobuf_c_message_unpack(descriptor, &allocator, count, count ? bytes : &nothing);
}
