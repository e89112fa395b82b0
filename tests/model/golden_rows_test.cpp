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

// Records go through the version's own features: words become ids, a list is padded.
TEST_F(GoldenRowsTest, With_features_of_its_own_a_version_is_given_records) {
  const auto put_words = [&](const std::string& words, const std::string& golden) {
    dir_.write("1/fake.yaml",
               "inputs: {ids: 'int64[?,2]', n: 'int64[?]', x: 'float32[?,3]'}\n"
               "outputs: {y: 'float32[?]'}\n");
    dir_.write("1/assets.extra/features.yaml",
               "inputs: { words: 'string[2]', n: int64, list: 'float32[?]' }\n"
               "features:\n"
               "  ids: { vocabulary: words, words: [" +
                   words +
                   "] }\n"
                   "  n: n\n"
                   "  x: { pad: list, length: 3, side: post, truncate: post, value: 0 }\n");
    dir_.write("1/golden.jsonl", golden);
    seal(1, [](Manifest& manifest) { manifest.golden = "golden.jsonl"; });
  };
  // red 1, blue 2; the unknown word 0: 1 + 2 + 40 + (1.5 + 2.5) and 0 + 1 - 1 + (1 + 2 + 3).
  const std::string golden =
      R"({"inputs":{"words":["red","blue"],"n":40,"list":[1.5,2.5]},"outputs":{"y":47}})"
      "\n"
      R"({"inputs":{"words":["grey","red"],"n":-1,"list":[1,2,3,4]},"outputs":{"y":6}})"
      "\n"
      R"({"inputs":{"words":["grey","grey"],"n":0,"list":[]},"outputs":{"y":0}})";
  put_words("red, blue", golden);
  {
    const auto model = make();
    const Status opened = model->open();
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    EXPECT_EQ(status_of(*model, 1).golden_rows, 3);
  }
  put_words("blue, red, red2", golden);
  EXPECT_NE(
      refusal().find("golden.jsonl:2: a golden row is not reproduced: output 'y': expected 6 "),
      std::string::npos)
      << "the sum of the first row is the same in both orders: " << refusal();
  put_words("red, blue", R"({"inputs":{"words":["red"],"n":1,"list":[]},"outputs":{"y":1}})");
  EXPECT_NE(refusal().find("field 'words' (string [2]): expected 2 values; got 1"),
            std::string::npos)
      << refusal();
  put_words("red, blue", R"({"inputs":{"words":["red","red"],"list":[]},"outputs":{"y":2}})");
  EXPECT_NE(refusal().find("expected field 'n'; it is not there"), std::string::npos) << refusal();
}

TEST_F(GoldenRowsTest, A_text_where_a_number_belongs_is_refused_and_never_read_as_one) {
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3, \"four\"]}, \"outputs\": {\"y\": 10}}");
  EXPECT_NE(refusal().find("input 'x': expected a number; got 'four'"), std::string::npos)
      << refusal();
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3, 4]}, \"outputs\": {\"y\": \"ten\"}}");
  EXPECT_NE(refusal().find("output 'y': expected a number; got 'ten'"), std::string::npos)
      << refusal();
  // NaN is what such a text was read as, and NaN is what the model then answers.
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3, \"four\"]}, \"outputs\": {\"y\": \"ten\"}}");
  EXPECT_NE(refusal(), "(it serves)");
}

TEST_F(GoldenRowsTest, A_number_that_its_dtype_does_not_hold_is_refused) {
  for (const std::string_view number : {"1.5", "256", "-1", "1e300"}) {
    put_sum(1, "{\"inputs\": {\"x\": [" + std::string(number) +
                   ", 2, 3, 4]}, \"outputs\": {\"y\": 10}}");
    dir_.write("1/fake.yaml", "inputs: {x: 'uint8[?,4]'}\noutputs: {y: 'float32[?]'}\n");
    seal(1, [](Manifest& manifest) { manifest.golden = "golden.jsonl"; });
    EXPECT_NE(refusal().find("expected a number of uint8; got '" + std::string(number) + "'"),
              std::string::npos)
        << refusal();
  }
}

TEST_F(GoldenRowsTest, Not_a_number_and_infinity_are_written_as_Python_writes_them) {
  put_sum(1,
          "{\"inputs\": {\"x\": [1, 2, 3, NaN]}, \"outputs\": {\"y\": NaN}}\n"
          "{\"inputs\": {\"x\": [1, 2, 3, -Infinity]}, \"outputs\": {\"y\": -Infinity}}\n");
  EXPECT_EQ(refusal(), "(it serves)");
  put_sum(1, "{\"inputs\": {\"x\": [1, 2, 3, 4]}, \"outputs\": {\"y\": Infinity}}");
  EXPECT_NE(refusal().find("expected inf"), std::string::npos) << refusal();
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
