// filter: keeps the rows for which a condition holds; a record that loses its last row is filtered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "process/condition.h"

namespace thalweg {

class Filter final : public Operator {
 public:
  Filter(Schema schema, Condition condition)
      : schema_(std::move(schema)), condition_(std::move(condition)) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Progress process(Batch& batch, const Resume& resume) override;
  [[nodiscard]] std::string describe() const override { return condition_.describe(); }

 private:
  Schema schema_;
  Condition condition_;
  std::vector<std::uint32_t> passing_;  // trades its memory with the batch's selection
};

void register_filter(Registry& registry);

}  // namespace thalweg
