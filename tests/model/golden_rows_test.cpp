// Golden rows: a version that does not answer as it did when it was made takes no traffic.
#include "model/served_fixture.h"

namespace thalweg {
namespace {

class GoldenRowsTest : public ServedTest {
 protected:
  // A sum of four numbers.
  void put_sum(int version, const std::string& golden, double tolerance = 1e-4) {
    const std::string folder = std::to_string(version);
    dir_.write(folder + "/fake.yaml", "inputs: {x: 'float32[?,4]'}\noutputs: {y: 'float32[?]'}\n");
    dir_.write(folder + "/golden.jsonl", golden);
    seal(version, [&](Manifest& manifest) {
      manifest.golden = "golden.jsonl";
      manifest.golden_tolerance = tolerance;
    });
  }
  std::string refusal() {
    const auto model = make();
    const Status opened = model->open();
    return opened.ok() ? "(it serves)" : opened.error().message();
  }
};

TEST_F(GoldenRowsTest, A_version_that_reproduces_them_serves_and_says_how_many) {
  put_sum(1,
          "{\"inputs\": {\"x\": [1, 2, 3, 4]}, \"outputs\": {\"y\": 10}}\n\n"
          "{\"inputs\": {\"x\": [[0, 0, 0, 1]]}, \"outputs\": {\"y\": [1.00001]}}\n");
  const auto model = make();
  const Status opened = model->open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(status_of(*model, 1).golden_rows, 2);
  EXPECT_EQ(status_of(*model, 1).manifest_sha256.size(), 64U);
}

TEST_F(GoldenRowsTest, Another_answer_is_refused_with_the_line_and_both_values) {
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3, 4]}, \"outputs\": {\"y\": 10.5}}");
  EXPECT_NE(refusal().find("golden.jsonl:1: a golden row is not reproduced: output 'y': expected "
                           "10.5 (within 0.0001); got 10"),
            std::string::npos)
      << refusal();
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3, 4]}, \"outputs\": {\"y\": 10.5}}", 0.1);
  EXPECT_EQ(refusal(), "(it serves)");
}

TEST_F(GoldenRowsTest, What_is_no_golden_row_is_refused) {
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3]}, \"outputs\": {\"y\": 6}}");
  EXPECT_NE(refusal().find("3 elements do not fill it"), std::string::npos) << refusal();
  put_sum(1, "{\"inputs\": {\"z\": 1}, \"outputs\": {\"y\": 6}}");
  EXPECT_NE(refusal().find("expected input 'x'"), std::string::npos) << refusal();
  put_sum(1, "{\"in\": 1}");
  EXPECT_NE(refusal().find("got something else"), std::string::npos) << refusal();
  put_sum(1, "\n");
  EXPECT_NE(refusal().find("it has none"), std::string::npos) << refusal();
}

TEST_F(GoldenRowsTest, A_model_of_fixed_batches_and_one_without_batch_answer_too) {
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3, 4]}, \"outputs\": {\"y\": 10}}");
  dir_.write("1/fake.yaml", "inputs: {x: 'float32[3,4]'}\noutputs: {y: 'float32[3]'}\n");
  seal(1, [](Manifest& manifest) { manifest.golden = "golden.jsonl"; });
  EXPECT_EQ(refusal(), "(it serves)");
  dir_.write("1/fake.yaml", "inputs: {x: 'float64[4]'}\noutputs: {y: 'float32[1]'}\n");
  dir_.write("1/golden.jsonl", "{\"inputs\": {\"x\": [1, 2, 3, 4]}, \"outputs\": {\"y\": [2.5]}}");
  seal(1, [](Manifest& manifest) { manifest.golden = "golden.jsonl"; });
  EXPECT_NE(refusal(), "");
}

}  // namespace
}  // namespace thalweg
