// Golden rows of a real model: tweets as they were written, through the version's own features and vocabulary, to the scores that
// TensorFlow gave in Python.
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <simdjson.h>

#include "config/json_text.h"
#include "model/native.h"
#include "model/publish.h"
#include "model/saved_model.h"
#include "model/served_fixture.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

class GoldenTweetsNative : public ServedTest {
 protected:
  void SetUp() override {
    const char* data = std::getenv("THALWEG_TEST_DATA");
    if (data == nullptr) GTEST_SKIP() << "THALWEG_TEST_DATA is not set";
    THALWEG_NEEDS_TENSORFLOW;
    if (!fs::exists("/usr/share/wordnet/index.verb"))
      GTEST_SKIP() << "no WordNet: apt-get install wordnet-base";
    data_ = std::string(data) + "/tweets/";
    from_.copy(data_ + "model/1", "1");
    fs::permissions(from_ / "1", fs::perms::owner_all);
    const std::string extra = "1/assets.extra/";
    from_.copy(std::string(THALWEG_SOURCE_DIR) + "/examples/tweets/features.yaml",
               extra + "features.yaml");
    from_.copy(data_ + "vocab.json", extra + "vocab.json");
    fs::permissions(from_ / (extra + "vocab.json"), fs::perms::owner_all);
    from_.copy(data_ + "stopwords_english.txt", extra + "stopwords.txt");
    write_golden();
    options_.from = from_ / "1";
    options_.base = dir_.path();
    options_.golden = from_ / "golden.jsonl";
    options_.tolerance = 1e-5;
  }
  // The first 200 tweets of both files, which have the same rows.
  void write_golden() const {
    std::string golden;
    simdjson::dom::parser texts, scores;
    simdjson::dom::document_stream text_lines = texts.load_many(data_ + "preprocess_gold.jsonl");
    simdjson::dom::document_stream score_lines = scores.load_many(data_ + "scores_gold.jsonl");
    auto text = text_lines.begin();
    auto score = score_lines.begin();
    for (int i = 0; i < 200; ++i, ++text, ++score) {
      ASSERT_EQ(std::int64_t((*text)["row"]), std::int64_t((*score)["row"]));
      golden += fmt::format("{{\"inputs\":{{\"value\":{}}},\"outputs\":{{\"dense_5\":{}}}}}\n",
                            config::json_string(std::string(std::string_view((*text)["text"]))),
                            double((*score)["score"]));
    }
    from_.write("golden.jsonl", golden);
  }
  std::string data_;
  ScratchDir from_;
  PublishOptions options_;
};

TEST_F(GoldenTweetsNative, They_are_reproduced_when_a_version_is_published_and_when_it_is_loaded) {
  const auto published = publish(options_, calls::registry());
  ASSERT_TRUE(published.ok()) << published.error().message();
  EXPECT_EQ(published->golden_rows, 200);
  const auto model = make({{"runtime", "tensorflow"}});
  const Status opened = model->open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(status_of(*model, 1).golden_rows, 200);
}

TEST_F(GoldenTweetsNative, Another_vocabulary_is_found_by_them_wherever_it_comes_in) {
  ASSERT_TRUE(publish(options_, calls::registry()).ok());
  constexpr long words = 5518;  // in the opposite order
  std::string vocabulary = *read_whole_file(data_ + "vocab.json");
  std::string turned;
  for (std::size_t i = 0; i < vocabulary.size();) {
    if (std::isdigit(static_cast<unsigned char>(vocabulary[i])) != 0 && vocabulary[i - 1] == ' ') {
      char* end = nullptr;
      const auto number = std::strtol(vocabulary.c_str() + i, &end, 10);
      turned += std::to_string(number <= words ? words + 1 - number : number);
      i = static_cast<std::size_t>(end - vocabulary.c_str());
    } else {
      turned += vocabulary[i++];
    }
  }
  from_.write("1/assets.extra/vocab.json", "{");
  const auto broken = publish(options_, calls::registry());
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code(), Code::model_invalid) << broken.error().message();
  from_.write("1/assets.extra/vocab.json", turned);
  const auto refused = publish(options_, calls::registry());
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("a golden row is not reproduced: output 'dense_5'"),
            std::string::npos)
      << refused.error().message();
  EXPECT_FALSE(fs::exists(dir_ / "2"));
  // Not by `publish`: a copy with a manifest of its own.
  const auto model = make({{"runtime", "tensorflow"}});
  ASSERT_TRUE(model->open().ok());
  fs::copy(dir_ / "1", dir_ / "2", fs::copy_options::recursive);
  dir_.write("2/assets.extra/vocab.json", turned);
  fs::remove(dir_ / "2/manifest.json");
  seal(2, [](Manifest& manifest) { manifest.golden = "golden.jsonl"; });
  model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_TRUE(status_of(*model, 2).failed);
  EXPECT_NE(status_of(*model, 2).reason.find("a golden row is not reproduced"), std::string::npos)
      << status_of(*model, 2).reason;
}

}  // namespace
}  // namespace thalweg
