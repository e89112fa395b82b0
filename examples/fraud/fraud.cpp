// The pipeline of fraud.yaml, in C++, with functions where the file has settings.
//
//   example_fraud --set kafka.bootstrap.servers=localhost:9092        (run it in examples/fraud, where the model is)
#include <cstdint>
#include <string_view>
#include <thalweg/thalweg.h>

struct Payment {
  float amount;
  std::string_view card;
};
THALWEG_RECORD(Payment, amount, card)

// Functions may read any of the stream's fields, and name only those they need.
struct Scored {
  float fraud_score;
  float amount;
};
THALWEG_RECORD(Scored, fraud_score, amount)

struct Risk {
  float money_at_risk;
};
THALWEG_RECORD(Risk, money_at_risk)

int main(int argc, char** argv) {
  thalweg::App app("fraud");
  app.model("fraud", "model");
  app.dead_letters("fraud.dead");
  app.from("payments", thalweg::Schema{}, R"({start: earliest, fields: {
        card: string, amount: float32, hour: int32, country: string, channel: string,
        merchant: {at: /merchant/id, type: string}, mcc: {at: /merchant/mcc, type: string, default: ""},
        minutes_since_last: float32, card_age_days: float32}})")
      .filter([](const Payment& p) { return p.amount > 0; })
      .infer("fraud", "{outputs: {probability: fraud_score}}")
      .add([](const Scored& s) { return Risk{s.fraud_score * s.amount}; })
      .to("fraud_scores", "{card: card, score: fraud_score, money_at_risk: money_at_risk}")
      .to("fraud_alerts", "input", "{when: {field: fraud_score, above: 0.7}}");
  return app.main(argc, argv);
}
