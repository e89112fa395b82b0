// The library as a contestant: typed records in, functions of ours between, typed records out. Public headers only.
//
// Its orders are in the environment, see bench/README.md.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thalweg/thalweg.h>

struct Payment {
  std::string_view id;
  float amount;
  float hour;
  std::string_view country;
  std::string_view channel;
  std::string_view merchant_category_code;
  float minutes_since_last;
  float card_age_days;
  float balance;
};
THALWEG_RECORD(Payment, id, amount, hour, country, channel, merchant_category_code,
               minutes_since_last, card_age_days, balance)

struct Score {
  std::string_view id;
  float score;
};
THALWEG_RECORD(Score, id, score)

struct Scores {
  std::array<float, 10> scores;
};
THALWEG_RECORD(Scores, scores)

struct Prediction {
  std::array<float, 10> prediction;
};
THALWEG_RECORD(Prediction, prediction)

namespace {

std::string order(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

void tabular(thalweg::App& app) {
  app.model("tabular", order("BENCH_DATA") + "/models/tabular", "{runtime: tensorflow}");
  app.from<Payment>(order("BENCH_INPUT"), "{start: earliest}")
      .filter([](const Payment& p) { return p.amount >= 0; })
      .infer("tabular", "{outputs: {score: score}}")
      .map([](const Score& s) { return s; })
      .to(order("BENCH_OUTPUT"));
}

void image(thalweg::App& app) {
  app.model("image", order("BENCH_DATA") + "/models/image", "{runtime: tensorflow}");
  app.from(order("BENCH_INPUT"), thalweg::Schema{},
           "{start: earliest, fields: {image: {at: /dataPoint, type: 'float32[784]', separator: "
           "','}}}")
      .infer("image", "{outputs: {scores: scores}}")
      .map([](const Scores& s) { return Prediction{s.scores}; })
      .to(order("BENCH_OUTPUT"));
}

}  // namespace

int main(int argc, char** argv) {
  thalweg::App app("bench-app");
  app.set("kafka.bootstrap.servers", order("BENCH_BROKERS"));
  app.set("group", order("BENCH_GROUP"));
  app.set("workers", order("BENCH_WORKERS"));
  if (order("BENCH_WORKLOAD") == "tabular") {
    tabular(app);
  } else {
    image(app);
  }
  return app.main(argc, argv);
}
