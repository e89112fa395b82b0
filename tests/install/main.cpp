// A user's program and its test in one, against the installed tree: a typed record, a function, a model, the public test kit.
#include <cstdio>
#include <string_view>
#include <thalweg/testing.h>
#include <thalweg/thalweg.h>
#include <thalweg/version.h>

struct Payment {
  float amount;
  std::string_view card;
};
THALWEG_RECORD(Payment, amount, card)

int main() {
  thalweg::App app("outside");
  app.model("m", "", "{runtime: fake}").dead_letters("dead");
  app.from<Payment>("payments", "{start: earliest}")
      .filter([](const Payment& p) { return p.amount > 0; })
      .infer("m", "{features: {x: {log1p: amount}}, outputs: {y: score}}")
      .to("scores", "{card: card, score: score}");
  if (const thalweg::Status checked = app.check(); !checked.ok()) {
    std::fprintf(stderr, "%s\n", checked.error().message().c_str());
    return 1;
  }

  thalweg::TestDriver driver(app);
  driver.send("payments", R"({"amount": 1, "card": "c1"})");
  driver.send("payments", R"({"amount": -1, "card": "c2"})");
  driver.send("payments", "not JSON");
  driver.run();
  const auto scores = driver.read("scores");
  const auto dead = driver.dead_letters();
  const bool good = scores.size() == 1 && scores[0].value == R"({"card":"c1","score":0.6931472})" &&
                    dead.size() == 1 && dead[0].dead_code() == "not_json" &&
                    driver.counts().filtered == 1 && driver.counts().add_up();
  std::printf("thalweg %s: %s\n", thalweg::version,
              scores.empty() ? "nothing" : scores[0].value->c_str());
  return good ? 0 : 1;
}
