// A real Prometheus scrapes a real pipeline: two variants, a shadow, drift, a state that people may change, dead letters. Every rule and
// every panel is answered, and every metric that they name is there.
#include <fstream>
#include <iterator>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "pipelines/support/broker_pipeline.h"
#include "pipelines/support/prometheus.h"

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

const std::string ops = std::string(THALWEG_SOURCE_DIR) + "/ops/";

std::string file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << path;
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

class ScrapedBroker : public test::BrokerPipeline {
 protected:
  void SetUp() override {
    BrokerPipeline::SetUp();
    if (!IsSkipped() && test::prometheus_program("prometheus").empty())
      GTEST_SKIP() << "prometheus is not here; script/bootstrap unpacks it";
  }
  // Everything that has a metric.
  std::unique_ptr<test::Command> start() {
    const std::string log = test::make_topic(brokers_, "log");
    const std::string side = test::make_topic(brokers_, "side");
    return run(
        {"models={m: {runtime: fake, variants: [{name: a, version: 1, share: 50%}, "
         "{name: b, version: 2, share: 50%}], shadow: {version: 3, cpu_share: 1, topic: " +
             side +
             "}, "
             "guards: {error_share: 0.5}, versions: {1: {}, 2: {}, 3: {function: mean}}}}",
         "drift={first_rows: 1000, window: 1s}", "inference_log={topic: " + log + ", share: 1}",
         "state_directory=" + folder_ / "state", "http={port: 0}", "workers=2"});
  }
  static int port_of(const test::Command& command) {
    const std::string words = command.err(), mark = "listening on 127.0.0.1:";
    const auto at = words.find(mark);
    return at == std::string::npos ? 0 : std::atoi(words.c_str() + at + mark.size());
  }
  static std::string page_of(int port) {
    httplib::Client client("127.0.0.1", port);
    const auto answer = client.Get("/metrics");
    return answer ? answer->body : "";
  }
};

TEST_F(ScrapedBroker, Prometheus_answers_every_rule_and_every_panel_and_the_metrics_are_there) {
  const auto process = start();
  ASSERT_TRUE(says(*process, "http: listening")) << process->err();
  const int port = port_of(*process);
  send(0, 3000);  // the baseline of drift
  test::produce(brokers_, in_, {{.value = "no json", .key = "x"}});
  test::Prometheus prometheus(folder_.path(), "127.0.0.1:" + std::to_string(port));
  int sent = 3000;
  const auto feed_until = [&](const std::string& query) {
    return test::eventually(
        [&] {
          send(sent, 200);
          sent += 200;
          return prometheus.series(query) > 0;
        },
        90s);
  };
  ASSERT_TRUE(feed_until("thalweg_drift_psi")) << page_of(port) << process->err();
  ASSERT_TRUE(feed_until("thalweg:ab_difference_high")) << prometheus.log();
  ASSERT_TRUE(feed_until("thalweg_comparison_rows_total")) << prometheus.log();
  ASSERT_TRUE(feed_until("sum(rate(thalweg_records_total[30s])) > 0")) << prometheus.log();

  std::string named;
  for (const std::string& raw : test::expressions_of(file(ops + "grafana/thalweg.json"))) {
    std::string error;
    const std::string expression = test::filled_in(raw);
    named += expression + "\n";
    EXPECT_GE(prometheus.series(expression, &error), 0) << expression << "\n" << error;
  }
  const auto rules = prometheus.ask("/api/v1/rules");
  ASSERT_TRUE(rules);
  EXPECT_THAT(*rules, HasSubstr("ThalwegStalled"));
  EXPECT_THAT(*rules, Not(HasSubstr(R"("health":"err")"))) << *rules;
  named += file(ops + "prometheus/alerts.yml");
  std::vector<std::string> absent;
  for (const std::string& metric : test::metrics_named_in(named)) {
    if (prometheus.series(metric) < 1) absent.push_back(metric);
  }
  EXPECT_THAT(absent, IsEmpty());
  // A page is for tonight: none, of a pipeline that is well.
  EXPECT_EQ(prometheus.series(R"(ALERTS{alertstate="firing"})"), 0)
      << prometheus.ask("/api/v1/alerts").value_or("");
  EXPECT_EQ(process->stop(), 0) << process->err();
}

TEST_F(ScrapedBroker, Promtool_finds_nothing_to_say_about_the_page) {
  const auto process = start();
  ASSERT_TRUE(says(*process, "http: listening")) << process->err();
  send(0, 3000);
  const int port = port_of(*process);
  ASSERT_TRUE(test::eventually(
      [&] { return page_of(port).find("thalweg_ab_rows_total") != std::string::npos; }, 60s));
  folder_.write("page", page_of(port));
  test::Command promtool({test::prometheus_program("promtool"), "check", "metrics"}, folder_.path(),
                         folder_ / "page");
  EXPECT_EQ(promtool.wait(), 0) << promtool.out() << promtool.err();
  EXPECT_EQ(promtool.err(), "");
}

}  // namespace
}  // namespace thalweg
