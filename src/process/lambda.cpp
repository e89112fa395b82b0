// Operators made of functions.
#include "process/lambda.h"

#include <cassert>

namespace thalweg {
namespace {

class Lambda final : public Operator {
 public:
  Lambda(std::string describe, Schema schema, BatchFunction function, Grain grain)
      : describe_(std::move(describe)),
        schema_(std::move(schema)),
        function_(std::move(function)),
        grain_(grain) {}

  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Grain grain() const noexcept override { return grain_; }
  [[nodiscard]] Progress process(Batch& batch, const Resume&) override {
    status_ = function_(batch);
    batch.sweep();
    return Progress::done;
  }
  [[nodiscard]] Status result(Batch&) override { return std::exchange(status_, {}); }
  [[nodiscard]] std::string describe() const override { return describe_; }

 private:
  std::string describe_;
  Schema schema_;
  BatchFunction function_;
  Grain grain_;
  Status status_;
};

// One row for each row, whatever the function did.
void append_row(const RowFunction& function, std::uint32_t row, Column& to, Batch& batch) {
  const Rows& rows = batch.rows();
  const std::uint32_t record = rows.record_of[row];
  if (batch.disposition(record) == Disposition::pending) {
    Status status = function(rows, row, to, batch);
    if (status.ok()) {
      assert(to.rows() == row + 1);
      return;
    }
    to.abandon_row();
    if (to.rows() > row) to.drop_rows(to.rows() - row);
    batch.fail(record, std::move(status).error().in_stage("map"));
  }
  to.append_zero_row();
}

}  // namespace

std::unique_ptr<Operator> make_lambda(std::string describe, Schema schema, BatchFunction function,
                                      Grain grain) {
  return std::make_unique<Lambda>(std::move(describe), std::move(schema), std::move(function),
                                  grain);
}

std::unique_ptr<Operator> make_column(std::string describe, const Schema& input, Field field,
                                      RowFunction function) {
  assert(!input.find(field.name));
  Schema schema = input;
  schema.fields.push_back(field);
  // Made apart and added afterwards: adding may move the columns that the function reads.
  auto made = std::make_shared<Column>(field.type);
  return make_lambda(
      std::move(describe), std::move(schema),
      [type = field.type, made, function = std::move(function)](Batch& batch) -> Status {
        made->reset(type);
        const Rows& rows = batch.rows();
        std::size_t i = 0;
        for (std::uint32_t row = 0; row < rows.count(); ++row) {
          if (i < rows.live_count() && rows.live(i) == row) {
            append_row(function, row, *made, batch);
            ++i;
          } else {
            made->append_zero_row();
          }
        }
        std::swap(batch.rows().add_column(type), *made);
        return {};
      });
}

std::unique_ptr<Operator> make_filter(
    std::string describe, Schema schema,
    std::function<bool(const Rows& rows, std::uint32_t row)> function) {
  auto kept = std::make_shared<std::vector<std::uint32_t>>();
  return make_lambda(std::move(describe), std::move(schema),
                     [kept, function = std::move(function)](Batch& batch) -> Status {
                       const Rows& rows = batch.rows();
                       kept->clear();
                       for (std::size_t i = 0; i < rows.live_count(); ++i) {
                         if (function(rows, rows.live(i))) kept->push_back(rows.live(i));
                       }
                       batch.select(std::move(*kept));
                       return {};
                     });
}

}  // namespace thalweg
