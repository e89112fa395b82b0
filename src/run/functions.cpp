#include "thalweg/functions.h"

namespace thalweg {
namespace {

class BatchOperator final : public Operator {
 public:
  BatchOperator(BatchFunction function, Schema schema)
      : function_(std::move(function)), schema_(std::move(schema)) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Progress process(Batch& batch, const Resume&) override {
    status_ = call(batch);
    batch.sweep();
    return Progress::done;
  }
  [[nodiscard]] Status result(Batch&) override { return status_; }
  [[nodiscard]] std::string describe() const override {
    return "a function of the application, a batch at a time";
  }

 private:
  Status call(Batch& batch) {
    try {
      return function_(batch, schema_);
    } catch (const std::exception& e) {
      // It may have changed anything: no single record can be blamed.
      return Error(Code::internal,
                   std::string("the application's batch function threw: ") + e.what());
    }
  }
  BatchFunction function_;
  Schema schema_;
  Status status_;
};

}  // namespace

std::unique_ptr<Operator> make_batch_operator(BatchFunction function, const Schema& schema) {
  return std::make_unique<BatchOperator>(std::move(function), schema);
}

}  // namespace thalweg
