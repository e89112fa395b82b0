// collect and top_k: the rows of a record become lists again, in one row.
//
//   - collect: { fields: [item, score] }                      lists in the order of the rows
//   - top_k: { by: score, k: 10, fields: [item, score] }      the ten best, best first
//
// They take back the rows that the nearest `explode` put aside, with its columns, and add one list a field. A list takes
// the place of a column of the same name. A record that has no rows left, but is under way, gets empty lists.
//
// Order of top_k: stable, so equal values keep the order of the rows; NaN comes last in both directions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/registry.h"

namespace thalweg {

struct RowOrder {
  std::size_t by = 0;  // column of the finer rows: numbers, one a row
  bool descending = true;
  std::size_t k = SIZE_MAX;  // rows kept of each record
};

class Collect final : public Operator {
 public:
  struct List {
    std::size_t from;  // column of the finer rows
    std::size_t to;    // column of the coarser rows; the number of columns or more: a new one
  };
  Collect(Schema schema, std::vector<List> lists, std::optional<RowOrder> order, std::string text);

  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Grain grain() const noexcept override { return Grain::coarser; }
  [[nodiscard]] Progress process(Batch& batch, const Resume& resume) override;
  [[nodiscard]] std::string describe() const override { return text_; }

 private:
  void make_columns(Rows& rows) const;
  void sort_group(const Column& keys);
  template <class T>
  void sort_group_by(const Column& keys);

  Schema schema_;
  std::vector<List> lists_;
  std::optional<RowOrder> order_;
  std::string text_;
  std::vector<std::uint32_t> group_;  // the finer rows of one coarser row
};

void register_collect(Registry& registry);
void register_top_k(Registry& registry);

}  // namespace thalweg
