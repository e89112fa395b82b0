// The C++ API and the public test kit, as a user meets them: typed records, functions, models, partitions, faults. No broker.
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/feature.h"
#include "thalweg/testing.h"
#include "thalweg/thalweg.h"

namespace {

struct Payment {
  float amount;
  std::string_view card;
};
struct Fee {
  float fee;
};
struct Pair {
  float x;
  std::string_view card;
};

}  // namespace
THALWEG_RECORD(Payment, amount, card)
THALWEG_RECORD(Fee, fee)
THALWEG_RECORD(Pair, x, card)

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFake =
    "{runtime: fake, inputs: {x: 'float32[?]'}, outputs: {y: 'float32[?]'}}";

std::vector<std::string> values(const std::vector<TestOutput>& outputs) {
  std::vector<std::string> all;
  for (const TestOutput& o : outputs) all.push_back(o.value.value_or("(null)"));
  return all;
}

std::string payment(int amount, std::string_view card = "c") {
  return R"({"amount":)" + std::to_string(amount) + R"(,"card":")" + std::string(card) + "\"}";
}

// from → to, with dead letters; tests add steps between.
Stream& begin(App& app, std::string_view from = "{start: earliest}") {
  return app.dead_letters("dead").from<Payment>("in", from);
}

TEST(Driver, Every_kind_of_step_between_a_typed_record_and_a_score) {
  App app("p");
  app.model("m", "", kFake);
  begin(app)
      .filter([](const Payment& p) { return p.amount > 0; })
      .add([](const Payment& p) { return Fee{p.amount / 2}; })
      .batch([](Batch& batch, const Schema& schema) -> Status {
        auto* fee = static_cast<float*>(batch.rows().columns[*schema.find("fee")].raw_mutable());
        for (std::uint32_t row = 0; row < batch.rows().count(); ++row) fee[row] += 1;
        return {};
      })
      .infer("m", "{features: {x: fee}, outputs: {y: score}}")
      .to("out", "{card: card, score: score}");
  TestDriver driver(app);
  driver.send("in", payment(10, "a"));
  driver.send("in", payment(-1, "b"));
  driver.send("in", payment(4, "c"));
  driver.run();
  EXPECT_THAT(values(driver.read("out")),
              ElementsAre(R"({"card":"a","score":6})", R"({"card":"c","score":3})"));
  EXPECT_THAT(driver.read("out"), testing::IsEmpty()) << "read hands out each output once";
  const TestCounts counts = driver.counts();
  EXPECT_TRUE(counts.add_up());
  EXPECT_EQ(counts.in, 3U);
  EXPECT_EQ(counts.forwarded, 2U);
  EXPECT_EQ(counts.filtered, 1U);
  EXPECT_EQ(counts.batches, 1U);
  EXPECT_EQ(counts.model_calls, 1U);
}

TEST(Driver, A_handler_may_change_a_score_where_it_stands) {
  App app("p");
  app.model("m", "", kFake);
  begin(app)
      .infer("m", "{features: {x: amount}, outputs: {y: score}}")
      .batch([](Batch& batch, const Schema& schema) -> Status {
        Column& score = batch.rows().columns[*schema.find("score")];
        for (std::uint32_t row = 0; row < batch.rows().count(); ++row) {
          static_cast<float*>(score.raw_mutable())[row] += 1;
        }
        return {};
      })
      .to("out", "{card: card, score: score}");
  TestDriver driver(app);
  driver.send("in", payment(10, "a"));
  driver.send("in", payment(4, "b"));
  driver.run();
  EXPECT_THAT(values(driver.read("out")),
              ElementsAre(R"({"card":"a","score":11})", R"({"card":"b","score":5})"));
}

TEST(Driver, A_map_leaves_only_what_its_function_made) {
  App app("p");
  begin(app).map([](const Payment& p) { return Pair{p.amount * 10, p.card}; }).to("out");
  TestDriver driver(app);
  driver.send("in", payment(2, "z"));
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"x":20,"card":"z"})"));
}

TEST(Driver, A_function_that_throws_or_refuses_makes_dead_letters_and_its_neighbours_go_on) {
  App app("p");
  begin(app)
      .filter([](const Payment& p) {
        if (p.amount == 1) throw std::runtime_error("one is not liked");
        return true;
      })
      .add([](const Payment& p) -> Result<Fee> {
        if (p.amount == 2) return Error(Code::handler_failed, "two is not liked");
        return Fee{p.amount};
      })
      .filter([](const Payment& p) -> bool {
        if (p.amount == 3) throw 3;  // NOLINT: as careless code does
        return true;
      })
      .to("out", "{fee: fee}");
  TestDriver driver(app);
  for (int i = 0; i < 5; ++i) driver.send("in", payment(i));
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"fee":0})", R"({"fee":4})"));
  const auto dead = driver.dead_letters();
  ASSERT_EQ(dead.size(), 3U);
  for (const TestOutput& letter : dead) EXPECT_EQ(letter.dead_code(), "handler_failed");
  EXPECT_EQ(dead[0].value, payment(1)) << "a dead letter is the record as it came";
  EXPECT_THAT(*dead[0].header("__thalweg.errors.message"), HasSubstr("one is not liked"));
  EXPECT_THAT(*dead[1].header("__thalweg.errors.message"), HasSubstr("two is not liked"));
  EXPECT_EQ(dead[2].header("__thalweg.errors.offset"), "3");
  EXPECT_TRUE(driver.counts().add_up());
  EXPECT_EQ(driver.counts().dead, 3U);
}

TEST(Driver, A_handler_of_a_batch_that_fails_for_now_is_asked_again_when_the_clock_has_moved) {
  App app("p");
  int calls = 0;
  begin(app)
      .batch([&calls](Batch&, const Schema&) -> Status {
        if (++calls <= 2) return Error(Code::model_unavailable, "not now");
        return {};
      })
      .to("out", "{card: card}");
  TestDriver driver(app);
  driver.send("in", payment(1));
  driver.run();
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(driver.read("out"), testing::IsEmpty());
  for (int i = 0; i < 5; ++i) {
    driver.clock().advance(10s);
    driver.run();
  }
  EXPECT_EQ(calls, 3);
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"card":"c"})"));
}

TEST(Driver, Parts_of_ones_own_are_named_like_those_that_come_with_Thalweg) {
  static const Section nothing{.name = "halve", .doc = "", .settings = {}};
  class Halve final : public Operator {
   public:
    explicit Halve(Schema schema) : schema_(std::move(schema)) {}
    [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
    [[nodiscard]] Progress process(Batch& batch, const Resume&) override {
      auto* amount = static_cast<float*>(batch.rows().columns[0].raw_mutable());
      for (std::uint32_t row = 0; row < batch.rows().count(); ++row) amount[row] /= 2;
      return Progress::done;
    }

   private:
    Schema schema_;
  };
  App app("p");
  app.registry().add(
      number_feature("celsius", "Fahrenheit to Celsius.", [](float f) { return (f - 32) / 1.8F; }));
  app.registry().add(OperatorKind{
      .name = "halve",
      .doc = "",
      .section = &nothing,
      .make = [](const Values&, const OperatorContext& c) -> Result<std::unique_ptr<Operator>> {
        return std::unique_ptr<Operator>(std::make_unique<Halve>(*c.input));
      }});
  app.model("m", "", kFake);
  begin(app)
      .step("halve")
      .infer("m", "{features: {x: {celsius: amount}}, outputs: {y: score}}")
      .to("out", "{score: score}");
  TestDriver driver(app);
  driver.send("in", payment(424));
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"score":100})"));
}

TEST(Driver, Order_is_kept_in_every_partition) {
  App app("p");
  begin(app).to("out", "{card: card, from: meta.partition, n: amount}");
  TestDriver driver(app, {.partitions = 3, .batch_records = 4});
  for (int i = 0; i < 30; ++i) driver.send("in", {.value = payment(i), .partition = {i % 3}});
  driver.run();
  std::array<int, 3> last{-1, -1, -1};
  const auto outputs = driver.read("out");
  ASSERT_EQ(outputs.size(), 30U);
  for (const TestOutput& o : outputs) {
    const auto n = std::stoi(o.value->substr(o.value->find("\"n\":") + 4));
    EXPECT_GT(n, last[static_cast<std::size_t>(n % 3)]);
    last[static_cast<std::size_t>(n % 3)] = n;
  }
  driver.close();
  EXPECT_THAT(driver.committed(),
              ElementsAre(testing::Pair(TopicPartition{"in", {0}}, Offset{10}),
                          testing::Pair(TopicPartition{"in", {1}}, Offset{10}),
                          testing::Pair(TopicPartition{"in", {2}}, Offset{10})));
}

TEST(Driver, The_clock_decides_about_age_and_commits) {
  App app("p");
  app.set("commit_interval", "5s");
  begin(app, "{start: earliest, max_age: 1m}").to("out", "{n: amount}");
  TestDriver driver(app);
  driver.send("in", payment(1));
  driver.run();
  EXPECT_TRUE(driver.committed().empty()) << "not due";
  driver.clock().advance(6s);
  driver.run();
  EXPECT_EQ(driver.committed().at({"in", {0}}), Offset{1});
  const Timestamp before = driver.clock().now();
  driver.clock().advance(2min);
  driver.send("in", {.value = payment(2), .timestamp = before});
  driver.send("in", payment(3));
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"n":1})", R"({"n":3})"));
  EXPECT_EQ(driver.dead_letters().at(0).dead_code(), "too_old");
}

TEST(Driver, A_revoked_partition_is_committed_first_and_goes_on_there_when_it_comes_back) {
  App app("p");
  begin(app).to("out", "{n: amount}");
  TestDriver driver(app, {.partitions = 2});
  driver.send("in", {.value = payment(1), .partition = {1}});
  driver.run();
  driver.revoke("in", {1});
  driver.run();
  EXPECT_EQ(driver.committed().at({"in", {1}}), Offset{1});
  driver.send("in", {.value = payment(2), .partition = {1}});
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"n":1})")) << "not ours now";
  driver.assign("in", {1});
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"n":2})"));
  EXPECT_TRUE(driver.counts().add_up());
}

TEST(Driver, A_lost_partition_is_not_committed_and_is_read_again) {
  App app("p");
  begin(app).to("out", "{n: amount}");
  TestDriver driver(app);
  driver.send("in", payment(1));
  driver.run();
  driver.lose("in", {0});
  driver.clock().advance(10s);
  driver.run();
  EXPECT_TRUE(driver.committed().empty());
  driver.assign("in", {0});
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"n":1})", R"({"n":1})"))
      << "at least once";
}

TEST(Driver, Nothing_is_committed_while_acknowledgements_are_held_back) {
  App app("p");
  begin(app).to("out", "{n: amount}");
  TestDriver driver(app);
  driver.hold_deliveries(true);
  driver.send("in", payment(1));
  driver.run();
  driver.clock().advance(10s);
  driver.run();
  EXPECT_TRUE(driver.committed().empty());
  driver.hold_deliveries(false);
  driver.clock().advance(10s);
  driver.run();
  driver.clock().advance(10s);
  driver.run();
  EXPECT_EQ(driver.committed().at({"in", {0}}), Offset{1});
  EXPECT_EQ(driver.read("out").size(), 1U);
}

TEST(Driver, An_output_too_large_for_the_broker_is_a_dead_letter_and_nothing_else_is_lost) {
  App app("p");
  begin(app).to("out", "{twice: [card, card]}");
  TestDriver driver(app);
  driver.refuse_outputs_over(100);  // the dead letter, the input as it came, is smaller
  driver.send("in", payment(1, std::string(70, 'x')));
  driver.send("in", payment(2, "small"));
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"twice":["small","small"]})"));
  EXPECT_EQ(driver.dead_letters().at(0).dead_code(), "output_refused");
  EXPECT_TRUE(driver.counts().add_up());
}

TEST(Driver, A_dead_letter_that_cannot_be_written_stops_it_with_nothing_committed_past_it) {
  App app("p");
  begin(app).to("out", "{n: amount}");
  TestDriver driver(app, {.batch_records = 1});
  driver.refuse_outputs_over(100);
  driver.send("in", payment(1));
  driver.send("in",
              "not json, and far too long for the dead-letter topic: " + std::string(200, 'x'));
  driver.send("in", payment(3));
  const Status ended = driver.try_run();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::dead_letters_unwritable);
  EXPECT_THAT(ended.error().message(), HasSubstr("in[0]@1"));
  EXPECT_EQ(driver.committed().at({"in", {0}}), Offset{1});
}

TEST(Driver, Without_dead_letters_a_bad_record_stops_it_and_the_error_is_thrown) {
  App app("p");
  app.from<Payment>("in", "{start: earliest}").to("out", "{n: amount}");
  TestDriver driver(app);
  driver.send("in", payment(1));
  driver.send("in", "{");
  try {
    driver.run();
    FAIL() << "it went on";
  } catch (const TestError& error) {
    EXPECT_EQ(error.code(), Code::not_json);
    EXPECT_THAT(error.what(), HasSubstr("dead_letters"));
  }
  EXPECT_EQ(driver.committed().at({"in", {0}}), Offset{1});
}

TEST(Driver, Key_headers_and_timestamp_are_carried_and_the_thalweg_header_names_record_and_model) {
  App app("p");
  app.model("m", "", kFake);
  begin(app).infer("m", "{features: {x: amount}, outputs: {y: score}}").to("out", "{score: score}");
  TestDriver driver(app);
  driver.send("in", {.value = payment(1),
                     .key = "k",
                     .headers = {{"traceparent", "00-ab-cd-01"}},
                     .timestamp = Timestamp{123}});
  driver.send("in", {.value = payment(2), .headers = {{"thalweg", "id=older"}}});
  driver.run();
  const auto out = driver.read("out");
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].key, "k");
  EXPECT_EQ(out[0].timestamp, Timestamp{123});
  EXPECT_EQ(out[0].header("traceparent"), "00-ab-cd-01");
  EXPECT_THAT(*out[0].header("thalweg"), HasSubstr("id=in-0-0,model=m,version="));
  EXPECT_EQ(out[1].key, std::nullopt) << "no key stays no key";
  EXPECT_EQ(out[1].headers.size(), 1U) << "an older thalweg header is replaced";
  EXPECT_THAT(*out[1].header("thalweg"), HasSubstr("id=in-0-1"));
}

// Two steps, each with a model that refuses negative numbers and another that stands in for it.
std::string two_steps(std::string_view second_on_error) {
  const std::string strict =
      "{runtime: fake, inputs: {x: 'float32[?]'}, outputs: {y: 'float32[?]'}, fail_when: negative}";
  return "pipeline: p\nmodels: {a: " + strict + ", b: " + strict + ", a2: " + kFake +
         ", b2: " + kFake + R"(}
from: {topic: in, start: earliest, fields: {p: float32, q: float32}}
steps:
  - infer: {model: a, features: {x: p}, outputs: {y: first}, on_error: {model: a2}}
  - infer: {model: b, features: {x: q}, outputs: {y: second}, on_error: )" +
         std::string(second_on_error) + R"(}
to: {topic: out, value: {first: first, second: second}}
dead_letters: dead
)";
}

TEST(Driver, The_thalweg_header_names_for_each_step_the_model_that_answered_this_record) {
  for (const std::size_t cut : {1u, 2u, 1024u}) {
    TestDriver driver = TestDriver::from_text(two_steps("{model: b2}"), {.batch_records = cut});
    for (const char* value :
         {R"({"p":1,"q":1})", R"({"p":-1,"q":1})", R"({"p":1,"q":-1})", R"({"p":-1,"q":-1})"})
      driver.send("in", value);
    driver.run();
    std::vector<std::string> headers;
    for (const TestOutput& out : driver.read("out")) headers.push_back(*out.header("thalweg"));
    EXPECT_THAT(headers, ElementsAre("id=in-0-0,model=a,version=0,model=b,version=0",
                                     "id=in-0-1,model=a2,version=0,model=b,version=0,fallback=1",
                                     "id=in-0-2,model=a,version=0,model=b2,version=0,fallback=1",
                                     "id=in-0-3,model=a2,version=0,model=b2,version=0,fallback=1"))
        << "batches of " << cut;
  }
}

TEST(Driver, A_dead_letter_names_the_model_that_its_record_saw_last) {
  for (const std::size_t cut : {1u, 1024u}) {
    TestDriver driver = TestDriver::from_text(two_steps("dead_letter"), {.batch_records = cut});
    for (const char* value : {R"({"p":1,"q":-1})", "{", R"({"p":1,"q":1})"})
      driver.send("in", value);
    driver.run();
    const auto dead = driver.dead_letters();
    ASSERT_EQ(dead.size(), 2U);
    EXPECT_EQ(dead[0].header("__thalweg.errors.model"), "b");
    EXPECT_EQ(dead[1].header("__thalweg.errors.model"), std::nullopt) << "it saw none";
  }
  // Refused by the first step, while its neighbours go on to the second.
  std::string text = two_steps("dead_letter");
  text.replace(text.find("{model: a2}"), 11, "dead_letter");
  TestDriver driver = TestDriver::from_text(text);
  for (const char* value : {R"({"p":-1,"q":1})", R"({"p":1,"q":1})"}) driver.send("in", value);
  driver.run();
  const auto dead = driver.dead_letters();
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_EQ(dead[0].header("__thalweg.errors.model"), "a");
}

TEST(Driver, A_record_without_rows_names_no_model_whoever_was_in_its_batch) {
  TestDriver driver = TestDriver::from_text(std::string(R"(
pipeline: p
models: {m: )") + kFake + R"(}
from: {topic: in, start: earliest, fields: {items: 'float32[]'}}
steps:
  - explode: {fields: items, as: {items: x}, on_empty: forward}
  - infer: {model: m, outputs: {y: score}}
  - collect: {fields: score}
to: {topic: out, value: {scores: score}}
dead_letters: dead
)");
  driver.send("in", R"({"items":[]})");
  driver.send("in", R"({"items":[1]})");
  driver.run();
  const auto out = driver.read("out");
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].header("thalweg"), "id=in-0-0");
  EXPECT_EQ(out[1].header("thalweg"), "id=in-0-1,model=m,version=0");
}

TEST(Driver, An_exploded_record_without_rows_has_nothing_to_write_and_counts_as_filtered) {
  TestDriver driver = TestDriver::from_text(R"(
pipeline: p
from: {topic: in, start: earliest, fields: {items: 'float32[]'}}
steps:
  - explode: {fields: items, as: {items: x}, on_empty: forward}
to: {topic: out, value: {x: x}}
dead_letters: dead
)");
  driver.send("in", R"({"items":[]})");
  driver.send("in", R"({"items":[1,2]})");
  driver.run();
  EXPECT_THAT(values(driver.read("out")), ElementsAre(R"({"x":1})", R"({"x":2})"));
  EXPECT_TRUE(driver.dead_letters().empty());
  EXPECT_EQ(driver.counts().filtered, 1U);
  EXPECT_EQ(driver.counts().forwarded, 1U);
  EXPECT_TRUE(driver.counts().add_up());
}

TEST(Driver, The_output_is_chosen_by_its_condition) {
  App app("p");
  begin(app)
      .to("all", "{n: amount}")
      .to("high", "{n: amount}", "{when: {field: amount, above: 5}}")
      .to("low", "{n: amount}", "{when: {field: amount, below: 0}, key: card}");
  TestDriver driver(app);
  for (const int n : {1, 9, -3}) driver.send("in", payment(n, "k" + std::to_string(n)));
  driver.run();
  EXPECT_EQ(driver.read("all").size(), 3U);
  EXPECT_THAT(values(driver.read("high")), ElementsAre(R"({"n":9})"));
  const auto low = driver.read("low");
  EXPECT_THAT(values(low), ElementsAre(R"({"n":-3})"));
  EXPECT_EQ(low.at(0).key, "k-3");
}

TEST(Driver, A_file_runs_like_a_program) {
  TestDriver driver = TestDriver::from_text(
      "pipeline: p\n"
      "models: {m: {runtime: fake}}\n"
      "from: {topic: in, start: earliest, fields: {x: float32}}\n"
      "steps: [infer: {model: m}]\n"
      "to: {topic: out, value: {y: y}}\n");
  TestDriver moved = std::move(driver);
  moved.send("in", R"({"x": 2.5})");
  moved.run();
  EXPECT_THAT(values(moved.read("out")), ElementsAre(R"({"y":2.5})"));
}

// --- mistakes -------------------------------------------------------------------------------------------------------

struct Mistake {
  std::string what;
  void (*build)(App&);
  std::vector<std::string> says;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.what;
}

class DriverMistake : public testing::TestWithParam<Mistake> {};

TEST_P(DriverMistake, Is_told_by_check_and_by_the_driver) {
  App app("p");
  GetParam().build(app);
  const Status status = app.check();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().domain(), Domain::user) << status.error().message();
  for (const std::string& part : GetParam().says)
    EXPECT_THAT(status.error().message(), HasSubstr(part));
  EXPECT_THROW(TestDriver{app}, TestError);
}

const Mistake kMistakes[] = {
    {"broken_yaml", [](App& a) { begin(a).infer("m", "{outputs: ").to("out"); }, {"step infer"}},
    {"unknown_setting",
     [](App& a) { begin(a, "{start: earliest, on_nul: drop}").to("out"); },
     {"on_nul", "on_null"}},
    {"no_start", [](App& a) { begin(a, "{}").to("out"); }, {"start"}},
    {"unknown_model", [](App& a) { begin(a).infer("m").to("out"); }, {"'m'"}},
    {"unknown_reference", [](App& a) { begin(a).to("out", "{n: amont}"); }, {"amont", "amount"}},
    {"unknown_step",
     [](App& a) { begin(a).step("fliter", "{field: amount}").to("out"); },
     {"fliter", "filter"}},
    {"a_function_reads_what_is_not_there",
     [](App& a) { begin(a).filter([](const Fee& f) { return f.fee > 0; }).to("out"); },
     {"fee"}},
    {"a_field_that_is_there_already",
     [](App& a) {
       begin(a).add([](const Payment& p) { return Pair{p.amount, p.card}; }).to("out");
     },
     {"card", "map"}},
    {"two_functions_of_one_name",
     [](App& a) {
       begin(a)
           .filter([](const Payment&) { return true; }, "twice")
           .filter([](const Payment&) { return true; }, "twice")
           .to("out");
     },
     {"twice"}},
    {"a_function_called_as_a_step_that_comes_with_thalweg",
     [](App& a) {
       begin(a).map([](const Payment& p) { return Fee{p.amount}; }, "filter").to("out");
     },
     {"filter"}},
    {"a_wrong_override",
     [](App& a) { a.set("workrs", "2"), begin(a).to("out"); },
     {"workrs", "workers"}},
    {"a_wrong_signature",
     [](App& a) {
       a.model("m", "", kFake);
       begin(a).infer("m", "{features: {z: amount}}").to("out");
     },
     {"z", "x"}},
};
INSTANTIATE_TEST_SUITE_P(All, DriverMistake, testing::ValuesIn(kMistakes),
                         [](const auto& info) { return info.param.what; });

}  // namespace
}  // namespace thalweg
