// The messages of Protos/ in C, and decoding with a bound on the memory that a message may ask for.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "bootstrap.pb-c.h"
#include "cgroup_v1.pb-c.h"
#include "cgroup_v2.pb-c.h"
#include "control.pb-c.h"
#include "events.pb-c.h"
#include "events_service.pb-c.h"
#include "runc_options.pb-c.h"
#include "runtime_options.pb-c.h"
#include "sandbox.pb-c.h"
#include "streaming.pb-c.h"
#include "task.pb-c.h"
#include "task_v3.pb-c.h"
#include "ttrpc.pb-c.h"
#include "types.pb-c.h"
#include "well_known.pb-c.h"

/// Decodes a message with at most `budget` bytes of memory: a few bytes of input can stand for a structure each.
/// Returns null when the bytes are no such message or it would take more; free with protobuf_c_message_free_unpacked.
ProtobufCMessage *messages_decode(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t count,
                                  size_t budget);
