// The main job on real input: all tweets through a real broker and the real model, each once and with the right score; also when the
// process is stopped or killed half-way, and whatever the size of the batches.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <signal.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "model/native.h"
#include "model/scratch_dir.h"
#include "pipelines/support/command.h"
#include "pipelines/support/real_kafka.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Command;
using test::Reader;
using test::TestMessage;

struct Tweet {
  std::string id;
  std::string text;
};

// RFC 4180: a quoted field may hold commas, line breaks, and quotes written twice.
std::vector<std::vector<std::string>> read_csv(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        rows.back().back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        rows.back().back() += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\n') {
      rows.push_back({""});
    } else if (c != '\r') {
      rows.back().back() += c;
    }
  }
  if (rows.back().size() == 1) rows.pop_back();
  return rows;
}

std::vector<Tweet> read_tweets(const std::string& path) {
  std::vector<Tweet> tweets;
  for (auto& row : read_csv(path)) tweets.push_back({std::move(row.at(0)), std::move(row.at(3))});
  tweets.erase(tweets.begin());  // the header
  return tweets;
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", c);
    else
      out += c;
  }
  return out + "\"";
}

using Scores = std::map<std::string, std::vector<double>>;  // by id; more than one: duplicates

void add_score(Scores& scores, const std::string& id, const std::string& value) {
  simdjson::dom::parser parser;
  const simdjson::dom::element document = parser.parse(value);
  scores[id].push_back(document["score"].get_double());
}

Scores scores_of(const std::vector<TestMessage>& messages) {
  Scores scores;
  for (const TestMessage& m : messages)
    add_score(scores, m.key.value_or("(none)"), m.value.value_or("null"));
  return scores;
}

class TweetsBroker : public testing::Test {
 protected:
  void SetUp() override {
    if (test::real_broker().empty()) GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker";
    const char* data = std::getenv("THALWEG_TEST_DATA");
    if (data == nullptr) GTEST_SKIP() << "THALWEG_TEST_DATA is not set";
    THALWEG_NEEDS_TENSORFLOW;
    if (!std::filesystem::exists("/usr/share/wordnet/index.verb"))
      GTEST_SKIP() << "no WordNet: apt-get install wordnet-base";
    data_ = std::string(data) + "/tweets/";
    tweets_ = read_tweets(data_ + "train.csv");
    ASSERT_EQ(tweets_.size(), 7613U);
    make_model();
    make_pipeline();
  }

  // The model's version directory as users have it: graph, features and vocabularies together.
  void make_model() {
    folder_.copy(data_ + "model/1", "model/1");
    const std::string extra = "model/1/assets.extra/";
    std::filesystem::permissions(folder_ / "model/1", std::filesystem::perms::owner_all);
    folder_.copy(std::string(THALWEG_SOURCE_DIR) + "/examples/tweets/features.yaml",
                 extra + "features.yaml");
    folder_.copy(data_ + "vocab.json", extra + "vocab.json");
    folder_.copy(data_ + "stopwords_english.txt", extra + "stopwords.txt");
  }

  void make_pipeline() {
    in_ = test::make_topic(test::real_broker(), "tweets", 2);
    out_ = test::make_topic(test::real_broker(), "scores", 2);
    dead_ = test::make_topic(test::real_broker(), "tweets.dead");
    group_ = test::unique("disaster");
    folder_.write("tweets.yaml", fmt::format(R"(
pipeline: {}
kafka: {{bootstrap.servers: "{}"}}
models: {{disaster: {{path: model, runtime: tensorflow}}}}
from: {{topic: {}, format: json, start: earliest, fields: {{id: string, value: string}}}}
steps: [infer: {{model: disaster, outputs: {{dense_5: score}}}}]
to: {{topic: {}, value: {{id: id, score: score}}}}
dead_letters: {}
)",
                                             group_, test::real_broker(), in_, out_, dead_));
  }

  [[nodiscard]] std::string value_of(const Tweet& tweet) const {
    return R"({"id":")" + tweet.id + R"(","value":)" + json_string(tweet.text) + "}";
  }

  void send_all() { send(0, tweets_.size()); }
  void send(std::size_t begin, std::size_t end) {
    std::vector<TestMessage> messages;
    for (std::size_t i = begin; i < end; ++i)
      messages.push_back({.value = value_of(tweets_[i]), .key = tweets_[i].id});
    test::produce(test::real_broker(), in_, messages);
  }

  [[nodiscard]] std::unique_ptr<Command> run(const std::vector<std::string>& settings = {}) const {
    std::vector<std::string> argv{test::thalweg_binary(), "run", folder_ / "tweets.yaml"};
    for (const std::string& setting : settings) argv.insert(argv.end(), {"--set", setting});
    return std::make_unique<Command>(argv, folder_.path());
  }

  // Scores of all tweets by the binary without Kafka.
  Scores score_file(const std::vector<std::string>& settings = {}) {
    std::string lines;
    for (const Tweet& tweet : tweets_) lines += value_of(tweet) + "\n";
    folder_.write("in.jsonl", lines);
    std::vector<std::string> argv{test::thalweg_binary(), "score", folder_ / "tweets.yaml"};
    for (const std::string& setting : settings) argv.insert(argv.end(), {"--set", setting});
    Command command(argv, folder_.path(), folder_ / "in.jsonl");
    EXPECT_EQ(command.wait(300s), 0) << command.err();
    Scores scores;
    simdjson::dom::parser parser;
    const std::string out = command.out();
    for (const auto line : parser.parse_many(out)) {
      scores[std::string(line["id"].get_string().value())].push_back(line["score"].get_double());
    }
    return scores;
  }

  // How many tweets are missing, and how many came more than once.
  std::pair<std::size_t, std::size_t> missing_and_twice(const Scores& scores) const {
    std::size_t missing = 0, twice = 0;
    for (const Tweet& tweet : tweets_) {
      const auto it = scores.find(tweet.id);
      missing += it == scores.end() ? 1U : 0U;
      twice += it != scores.end() ? it->second.size() - 1 : 0U;
    }
    EXPECT_LE(scores.size(), tweets_.size()) << "nothing that was not sent";
    return {missing, twice};
  }

  void expect_gold(const Scores& scores) const {
    simdjson::dom::parser parser;
    double worst = 0;
    std::size_t rows = 0;
    simdjson::dom::document_stream lines = parser.load_many(data_ + "scores_gold.jsonl");
    for (const auto line : lines) {
      const Tweet& tweet = tweets_.at(std::uint64_t(line["row"]));
      const auto it = scores.find(tweet.id);
      ASSERT_NE(it, scores.end()) << tweet.id;
      for (const double score : it->second)
        worst = std::max(worst, std::abs(score - line["score"].get_double()));
      ++rows;
    }
    EXPECT_EQ(rows, 3807U);
    EXPECT_LE(worst, 1e-5);
    fmt::print("worst difference from the reference: {:.2e}\n", worst);
  }

  static void expect_same(const Scores& a, const Scores& b) {
    ASSERT_EQ(a.size(), b.size());
    double worst = 0;
    for (const auto& [id, scores] : a) {
      const auto it = b.find(id);
      ASSERT_NE(it, b.end()) << id;
      for (const double score : scores)
        worst = std::max(worst, std::abs(score - it->second.front()));
    }
    EXPECT_LE(worst, 1e-5);
  }

  // Runs until about half is out, ends it by `signal`, runs again to the end; returns what came out.
  Scores interrupted_by(int signal, const std::vector<std::string>& settings) {
    // Half of them first: however fast it is, it cannot have finished when the signal comes.
    const std::size_t half = tweets_.size() / 2;
    send(0, half);
    Reader reader(test::real_broker(), out_, 2);
    const auto first = run(settings);
    EXPECT_TRUE(reader.until_count(1, 120s)) << first->err();
    first->signal(signal);
    EXPECT_EQ(first->wait(), signal == SIGTERM ? 0 : 128 + signal) << first->err();
    reader.until_quiet(1s);
    send(half, tweets_.size());
    fmt::print("{} outputs of {} before signal {}\n", reader.all().size(), tweets_.size(), signal);
    const auto second = run(settings);
    std::set<std::string> ids;
    std::size_t looked_at = 0;
    const auto all_there = [&](const auto& all) {
      for (; looked_at < all.size(); ++looked_at) ids.insert(all[looked_at].key.value_or("(none)"));
      return ids.size() == tweets_.size();
    };
    EXPECT_TRUE(reader.until(all_there, 120s)) << second->err();
    reader.until_quiet(1s);
    EXPECT_EQ(second->stop(), 0) << second->err();
    reader.until_quiet(500ms);
    return scores_of(reader.all());
  }

  ScratchDir folder_;
  std::string data_, in_, out_, dead_, group_;
  std::vector<Tweet> tweets_;
};

TEST_F(TweetsBroker, Each_comes_out_once_with_the_score_of_the_reference_and_as_from_a_file) {
  send_all();
  const auto command = run();
  Reader reader(test::real_broker(), out_, 2);
  EXPECT_TRUE(reader.until_count(tweets_.size(), 180s)) << command->err();
  reader.until_quiet(1s);
  EXPECT_EQ(command->stop(), 0) << command->err();
  EXPECT_EQ(reader.all().size(), tweets_.size());
  const Scores scores = scores_of(reader.all());
  EXPECT_EQ(missing_and_twice(scores), std::pair(std::size_t{0}, std::size_t{0}));
  expect_gold(scores);
  std::int64_t read = 0;
  for (const auto& [partition, offset] : test::committed(test::real_broker(), group_, in_))
    read += offset;
  EXPECT_EQ(read, 7613) << "all of it is committed";
  for (const TestMessage& m : reader.all()) EXPECT_EQ(m.headers.back().first, "thalweg");
  expect_same(scores, score_file());
}

TEST_F(TweetsBroker, Stopped_half_way_and_started_again_each_comes_out_once) {
  const Scores scores = interrupted_by(SIGTERM, {"batch.rows_max=64"});
  const auto [missing, twice] = missing_and_twice(scores);
  fmt::print("SIGTERM: {} missing, {} twice\n", missing, twice);
  EXPECT_EQ(missing, 0U);
  EXPECT_EQ(twice, 0U);
  expect_gold(scores);
}

TEST_F(TweetsBroker, Killed_half_way_and_started_again_none_is_missing) {
  const Scores scores = interrupted_by(SIGKILL, {"batch.rows_max=64", "commit_interval=200ms",
                                                 "from.kafka.session.timeout.ms=6000"});
  const auto [missing, twice] = missing_and_twice(scores);
  fmt::print("SIGKILL: {} missing, {} twice\n", missing, twice);
  EXPECT_EQ(missing, 0U);
  expect_gold(scores);
}

TEST_F(TweetsBroker, Where_batches_are_cut_does_not_matter) {
  tweets_.resize(2000);
  const Scores whole = score_file({"batch.rows_max=1024"});
  EXPECT_EQ(whole.size(), 2000U);
  for (const char* size : {"1", "7"}) {
    SCOPED_TRACE(size);
    expect_same(whole, score_file({std::string("batch.rows_max=") + size}));
  }
}

}  // namespace
}  // namespace thalweg
