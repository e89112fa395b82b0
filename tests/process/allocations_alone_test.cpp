// The hot path allocates nothing per row: filter, then features, tensors and outputs of infer, on a batch used before.
#include <gtest/gtest.h>

#include "process/filter.h"
#include "process/infer_fixture.h"
#include "support/count_allocations.h"

namespace thalweg {
namespace {

// Writes its answer into memory it has, so that only what is ours is counted.
class QuietModel final : public LoadedModel {
 public:
  [[nodiscard]] std::span<const Signature> signatures() const noexcept override { return {}; }
  void submit(const Signature&, const InferenceRequest& request, InferenceDone done) override {
    const auto rows = request.inputs[0].dims[0];
    Tensor out;
    out.shape.dims = {rows, 1};
    out.data = request.inputs[0].data;
    std::vector<Tensor> all;
    all.push_back(std::move(out));
    done(std::move(all));
  }
};

class Allocations : public InferTest {
 protected:
  // Allocations of one round with `records` records, when all memory has been grown before.
  std::size_t of_one_round(std::size_t records, const std::string& infer_settings,
                           bool variants = false) {
    register_filter(registry_);
    Signature signature = one_to_one();
    signature.inputs[0].shape.dims = {-1, 4};
    models_.add("m", signature, doubled,
                [](ModelVersion& version) { version.loaded = std::make_unique<QuietModel>(); });
    Signature plain = one_to_one();
    models_.add("plain", plain, doubled,
                [](ModelVersion& version) { version.loaded = std::make_unique<QuietModel>(); });
    if (variants) {
      auto route = std::make_shared<Route>();
      route->salt = "s";
      route->variants.push_back({"a", 5000, models_.handle("plain").now});
      models_.add("plain", plain, doubled,
                  [](ModelVersion& version) { version.loaded = std::make_unique<QuietModel>(); });
      route->variants.push_back({"b", bucket_count, models_.handle("plain").now});
      models_.handle("plain").fixed = route;
    }
    auto filter = support::make_operator(registry_, "filter", "{field: x, at_least: 3}", kNumbers);
    EXPECT_TRUE(filter.ok());
    auto infer = make(infer_settings);
    Batch batch;
    std::size_t counted = 0;
    for (int round = 0; round < 5; ++round) {
      batch.reset();
      batch.rows().begin(kNumbers);
      for (std::size_t r = 0; r < records; ++r) {
        support::add_row_of_new_record(batch, r);
        *batch.rows().columns[0].append<float>() = static_cast<float>(r % 10);
        batch.rows().columns[1].push_string("some text");
        batch.rows().columns[1].end_row();
      }
      const support::AllocationCount count;
      (void)(*filter)->process(batch, {});
      EXPECT_TRUE(run(*infer, batch).ok());
      counted = count.so_far();
    }
    return counted;
  }
};

TEST_F(Allocations, None_per_row_when_fields_feed_the_model) {
  const std::size_t few = of_one_round(10, "plain");
  const std::size_t many = of_one_round(2000, "plain");
  EXPECT_EQ(few, many);
  EXPECT_LE(many, 8u) << "per batch: the model's tensors and little else";
}

TEST_F(Allocations, None_per_row_when_features_feed_the_model) {
  const std::string settings =
      "{model: m, features: {x: {stack: [x, {log1p: x}, {clip: x, low: 0, high: 5}, x]}}}";
  const std::size_t few = of_one_round(10, settings);
  const std::size_t many = of_one_round(2000, settings);
  EXPECT_EQ(few, many);
  EXPECT_LE(many, 8u);
}

TEST_F(Allocations, None_per_row_when_two_variants_share_them) {
  const std::size_t few = of_one_round(10, "plain", true);
  const std::size_t many = of_one_round(2000, "plain", true);
  EXPECT_EQ(few, many);
  EXPECT_LE(many, 16u);
}

}  // namespace
}  // namespace thalweg
