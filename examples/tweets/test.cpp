// A test of a pipeline, without a broker: the engine and the model are the real ones, the ends are in memory.
//
//   example_tweets_test [tweets.yaml]        ends with 0 when all is well
//
// With a test framework the lines are the same; what goes wrong is thrown as TestError.
#include <cstdio>
#include <string>
#include <thalweg/testing.h>
#include <thalweg/thalweg.h>

namespace {

int failures = 0;
void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what);
  ++failures;
}

void test(const std::string& file) {
  thalweg::TestDriver driver = thalweg::TestDriver::from_file(file);
  driver.send("incoming_tweet", R"({"value": "Wildfire near La Ronge, 300 homes evacuated"})");
  driver.send("incoming_tweet", R"({"text": "the wrong name"})");
  driver.run();

  const auto scores = driver.read("tweet_disaster_inference");
  expect(scores.size() == 1, "one tweet is scored");
  expect(!scores.empty() && scores[0].value->find("\"score\":") != std::string::npos,
         "the output has a score");
  const auto dead = driver.dead_letters();
  expect(dead.size() == 1 && dead[0].dead_code() == "missing_field",
         "a tweet without text is a dead letter");
  expect(driver.counts().add_up(), "every record has come to one end");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    test(argc > 1 ? argv[1] : "tweets.yaml");
  } catch (const thalweg::TestError& error) {
    std::fprintf(stderr, "failed: %s\n", error.what());
    return error.code() == thalweg::Code::runtime_missing ? 4 : 1;  // 4: skipped
  }
  return failures == 0 ? 0 : 1;
}
