// The plainest decoder and encoder: a text in, the text out. For tests and the simulation of the engine, where formats do not matter.
#pragma once

#include "thalweg/ports.h"

namespace thalweg::testing_kit {

inline const Schema text_schema{{{"text", {DType::string, {}}}}};

// One string column; a value that begins with '!' cannot be decoded.
class TextDecoder final : public Decoder {
 public:
  [[nodiscard]] const Schema& schema() const noexcept override { return text_schema; }
  void decode(Batch& batch) override {
    batch.rows().begin(text_schema);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch.disposition(i) != Disposition::pending) continue;
      const std::string_view value = *batch.record(i).value;
      if (value.starts_with('!')) {
        batch.fail(i, Error(Code::not_json, "decode: expected text; got '!'").in_stage("decode"));
        continue;
      }
      batch.rows().columns[0].push_string(value);
      batch.rows().columns[0].end_row();
      batch.rows().record_of.push_back(static_cast<std::uint32_t>(i));
    }
  }
};

class TextEncoder final : public Encoder {
 public:
  [[nodiscard]] Result<std::string_view> encode(Batch& batch, std::uint32_t row) override {
    return batch.rows().columns[0].string_row(row)[0];
  }
};

}  // namespace thalweg::testing_kit
