// Dead letters: a record that cannot go on, as it came, with the reason in its headers (docs/dead-letters.md).
//
// Key, value, headers and timestamp are the input's. The headers added follow Kafka Connect's habit under our own prefix:
// `__thalweg.errors.{topic,partition,offset,stage,code,message,pipeline}`, and `model` and `version` of the last model that the
// record saw.
#pragma once

#include <cstdint>
#include <string_view>

#include "thalweg/batch.h"

namespace thalweg {

// REQUIRES that the record is dead. Memory comes from the batch's arena.
[[nodiscard]] OutputRecord make_dead_letter(Batch& batch, std::size_t record, std::uint16_t target,
                                            std::string_view pipeline);

}  // namespace thalweg
