// Columns as one JSON object: a name and a value each, *** for those that are masked.
//
// Each value is written by an encoder of its own, which knows the column by its place: whatever a column is called, its name is no word of a
// template, and one value that cannot be written takes no other object of the line along.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/registry.h"

namespace thalweg::monitor {

struct JsonColumn {
  std::string name;
  std::size_t column = 0;  // of the schema; of a masked one nothing is read
  bool masked = false;
};

class JsonColumns {
 public:
  JsonColumns() = default;
  [[nodiscard]] static Result<JsonColumns> make(const std::vector<JsonColumn>& columns,
                                                const Schema& schema, const Registry& registry);

  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
  // Appends the object. False, and nothing appended: a value cannot be written, or the whole is longer than `bytes_max`.
  [[nodiscard]] bool put(Batch& batch, std::uint32_t row, std::size_t bytes_max,
                         std::string& out) const;

 private:
  struct Member {
    std::string key;                   // as it stands in the text, with what is in front of it
    std::unique_ptr<Encoder> encoder;  // null: masked
  };
  std::vector<Member> members_;
};

}  // namespace thalweg::monitor
