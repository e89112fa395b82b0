// explode: one row per element of a list, so that a model scores each candidate of an event.
//
//   - explode: { fields: candidates }                      the column `candidates` now holds one of them a row
//   - explode: { fields: [ids, prices], as: {ids: id} }    parallel lists: rows take one element of each
//
// Other columns are repeated on every row (`keep` names the ones that are). Lists of one record must have the same length;
// otherwise the record is dead (wrong_length). A record with an empty list is dead, dropped, or goes on without rows,
// so that `collect` makes an empty list of it again.
//
// The rows that arrive are put aside until `collect` or `top_k` takes them back.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "thalweg/registry.h"

namespace thalweg {

enum class OnEmpty : std::uint8_t { dead, drop, forward };

class Explode final : public Operator {
 public:
  // Column i of the finer rows: from which column, and is that one a list to take apart?
  struct Source {
    std::size_t column;
    bool exploded;
  };
  Explode(const Schema& input, Schema schema, std::vector<Source> sources, OnEmpty on_empty);

  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Grain grain() const noexcept override { return Grain::finer; }
  [[nodiscard]] Progress process(Batch& batch, const Resume& resume) override;
  [[nodiscard]] std::string describe() const override;

 private:
  [[nodiscard]] Result<std::size_t> length_of(const Rows& rows, std::uint32_t row) const;
  void take_apart(const Rows& rows, std::uint32_t row, std::size_t length, Rows& finer) const;
  [[nodiscard]] Error no_elements() const;
  static void drop_empty(Batch& batch, const Rows& finer);

  Schema schema_;
  std::vector<Source> sources_;
  std::vector<std::string> lists_;  // names of the exploded fields, in the order of sources_
  OnEmpty on_empty_;
};

void register_explode(Registry& registry);

}  // namespace thalweg
