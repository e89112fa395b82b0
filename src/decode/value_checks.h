// What formats have in common: the way over the pending records, and a look for what is often sent by mistake.
//
// Null values, and values larger than `from.value_bytes_max`, never come here: the intake dealt with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "thalweg/batch.h"

namespace thalweg::decode {

[[nodiscard]] std::optional<Error> null_value();
// For formats that are text: a schema registry's frame (a zero byte, then four bytes of schema id) is named as such.
[[nodiscard]] std::optional<Error> check_unframed(std::string_view value, std::string_view format);

// Calls read(record, value, row) for each pending record, in order. It returns nothing when the record became row `row`, and else why not.
// Returns the number of rows.
template <class Read>
std::size_t decode_pending(Batch& batch, Read read) {
  auto& record_of = batch.rows().record_of;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch.disposition(i) != Disposition::pending) continue;
    const std::optional<std::string_view>& value = batch.record(i).value;
    std::optional<Error> failure = value ? read(*value, record_of.size()) : null_value();
    if (failure) {
      batch.fail(i, (*std::move(failure)).in_stage("decode"));
    } else {
      record_of.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return record_of.size();
}

}  // namespace thalweg::decode
