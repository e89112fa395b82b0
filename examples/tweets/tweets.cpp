// The pipeline of tweets.yaml, in C++.
//
//   example_tweets --set kafka.bootstrap.servers=localhost:9092        (run it in examples/tweets, where the model is)
#include <string_view>
#include <thalweg/thalweg.h>

struct Tweet {
  std::string_view value;
};
THALWEG_RECORD(Tweet, value)

int main(int argc, char** argv) {
  thalweg::App app("tweet-disaster");
  app.model("disaster", "model");
  app.dead_letters("tweet_disaster.dead");
  app.from<Tweet>("incoming_tweet", "{start: earliest}")
      .infer("disaster", "{outputs: {dense_5: score}}")
      .to("tweet_disaster_inference", "{text: value, score: score}");
  return app.main(argc, argv);
}
