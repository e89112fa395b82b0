// The metrics page and the HTTP endpoint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/http.h"
#include "run/metrics_page.h"
#include "support/raw_http.h"

namespace thalweg {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Histogram, A_value_lies_in_the_first_bucket_that_is_not_smaller) {
  Histogram histogram;
  for (const std::uint64_t value : {0u, 1u, 2u, 3u, 4u, 5u}) histogram.record(value);
  EXPECT_EQ(histogram.count(0), 2u);  // 0, 1
  EXPECT_EQ(histogram.count(1), 1u);  // 2
  EXPECT_EQ(histogram.count(2), 2u);  // 3, 4
  EXPECT_EQ(histogram.count(3), 1u);  // 5
  EXPECT_EQ(histogram.sum(), 15u);
}

TEST(Histogram, A_value_beyond_the_last_bucket_is_counted_there) {
  Histogram histogram;
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.count(Histogram::buckets - 1), 1u);
}

TEST(MetricsPage, Says_every_number_under_its_documented_name) {
  WorkerMetrics metrics;
  metrics.records_in.add(5);
  metrics.forwarded.add(3);
  metrics.dead.add(2);
  metrics.dead_by_code[static_cast<std::size_t>(Code::not_json)].add(2);
  metrics.batch_rows.record(3);
  metrics.publish_lag({{{"in", {1}}, 7, 1.5}});
  const std::string page = metrics_page({{"fraud", {&metrics}, {{"scorer", "tensorflow", 4}}}});
  for (
      const char* line : {
          R"(thalweg_records_in_total{pipeline="fraud",worker="0"} 5)",
          R"(thalweg_records_total{pipeline="fraud",worker="0",disposition="forwarded"} 3)",
          R"(thalweg_dead_records_total{pipeline="fraud",worker="0",code="not_json"} 2)",
          R"(thalweg_batch_rows_count{pipeline="fraud",worker="0"} 1)",
          R"(thalweg_batch_rows_bucket{pipeline="fraud",worker="0",le="4"} 1)",
          R"(thalweg_lag_records{pipeline="fraud",worker="0",topic="in",partition="1"} 7)",
          R"(thalweg_lag_seconds{pipeline="fraud",worker="0",topic="in",partition="1"} 1.5)",
          R"(thalweg_model_info{pipeline="fraud",model="scorer",version="4",runtime="tensorflow"} 1)",
      }) {
    EXPECT_NE(page.find(line), std::string::npos) << line << "\n--- in ---\n" << page;
  }
}

TEST(MetricsPage, Of_two_versions_of_one_number_the_one_in_use_is_shown_and_none_twice) {
  VersionStatus folder, fetched;
  folder.model = fetched.model = "scorer";
  folder.version = fetched.version = 7;
  fetched.state = VersionState::available;
  fetched.role = "serving";
  PipelineView view;
  view.pipeline = "fraud";
  view.versions = {folder, fetched};
  const std::string page = metrics_page({view});
  EXPECT_THAT(page, HasSubstr(R"(model="scorer",version="7",state="AVAILABLE"} 1)"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr(R"(version="7",state="START")")));
  const std::string failed = "thalweg_model_version_failed{";
  EXPECT_EQ(page.find(failed), page.rfind(failed));
}

class HttpTest : public testing::Test {
 protected:
  [[nodiscard]] test::RawAnswer ask(const char* path) const {
    return test::RawHttp(server.port()).ask(test::get(path));
  }
  std::string why_not_ready;
  std::string why_not_live;
  HttpServer server{"127.0.0.1",
                    0,
                    {[] { return std::string("thalweg_up 1\n"); }, [this] { return why_not_ready; },
                     [this] { return why_not_live; }}};
};

TEST_F(HttpTest, Answers_metrics_livez_and_readyz) {
  ASSERT_TRUE(server.start().ok());
  const auto metrics = ask("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.head, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(metrics.body, StartsWith("thalweg_up 1\n"));
  EXPECT_EQ(ask("/livez").status, 200);
  EXPECT_EQ(ask("/readyz").status, 200);
}

TEST_F(HttpTest, Metrics_tell_of_the_endpoint_itself) {
  ASSERT_TRUE(server.start().ok());
  EXPECT_EQ(ask("/nothing").status, 404);
  const std::string page = ask("/metrics").body;
  EXPECT_THAT(page, HasSubstr("\nthalweg_http_connections_total 2\n"));
  EXPECT_THAT(page, HasSubstr("\nthalweg_http_responses_total{code=\"404\"} 1\n"));
  EXPECT_THAT(page,
              HasSubstr("\nthalweg_http_connections_dropped_total{reason=\"request_time\"} 0\n"));
}

TEST_F(HttpTest, Not_ready_says_why) {
  ASSERT_TRUE(server.start().ok());
  why_not_ready = "fraud: a worker has not joined the group yet";
  const auto ready = ask("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, why_not_ready + "\n");
}

TEST_F(HttpTest, Not_live_says_why) {
  ASSERT_TRUE(server.start().ok());
  why_not_live = "fraud: a step has been running for 31 s";
  const auto live = ask("/livez");
  EXPECT_EQ(live.status, 503);
  EXPECT_EQ(live.body, why_not_live + "\n");
  EXPECT_EQ(ask("/readyz").status, 200);
}

TEST_F(HttpTest, Without_an_api_there_is_none) {
  ASSERT_TRUE(server.start().ok());
  EXPECT_EQ(ask("/v2/pipelines").status, 404);
}

TEST_F(HttpTest, A_port_that_is_taken_is_an_error_with_a_cure) {
  ASSERT_TRUE(server.start().ok());
  HttpServer second(
      "127.0.0.1", server.port(),
      {[] { return std::string(); }, [] { return std::string(); }, [] { return std::string(); }});
  const Status started = second.start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message().find("http.port"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
