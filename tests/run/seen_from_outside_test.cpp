// The metrics page and the HTTP endpoint.
#include <gtest/gtest.h>
#include <httplib.h>

#include "run/http.h"
#include "run/metrics_page.h"

namespace thalweg {
namespace {

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

class HttpTest : public testing::Test {
 protected:
  std::string why_not_ready;
  std::string why_not_live;
  HttpServer server{"127.0.0.1",
                    0,
                    {[] { return std::string("thalweg_up 1\n"); }, [this] { return why_not_ready; },
                     [this] { return why_not_live; }}};
};

TEST_F(HttpTest, Answers_metrics_livez_and_readyz) {
  ASSERT_TRUE(server.start().ok());
  httplib::Client client("127.0.0.1", server.port());
  const auto metrics = client.Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->body, "thalweg_up 1\n");
  EXPECT_EQ(client.Get("/livez")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 200);
}

TEST_F(HttpTest, Not_ready_says_why) {
  ASSERT_TRUE(server.start().ok());
  why_not_ready = "fraud: a worker has not joined the group yet";
  httplib::Client client("127.0.0.1", server.port());
  const auto ready = client.Get("/readyz");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, 503);
  EXPECT_EQ(ready->body, why_not_ready + "\n");
}

TEST_F(HttpTest, Not_live_says_why) {
  ASSERT_TRUE(server.start().ok());
  why_not_live = "fraud: a step has been running for 31 s";
  httplib::Client client("127.0.0.1", server.port());
  const auto live = client.Get("/livez");
  ASSERT_TRUE(live);
  EXPECT_EQ(live->status, 503);
  EXPECT_EQ(live->body, why_not_live + "\n");
  EXPECT_EQ(client.Get("/readyz")->status, 200);
}

TEST_F(HttpTest, Garbage_is_answered_with_a_client_error) {
  ASSERT_TRUE(server.start().ok());
  httplib::Client client("127.0.0.1", server.port());
  EXPECT_EQ(client.Get("/nothing")->status, 404);
  EXPECT_GE(client.Post("/metrics", std::string(100'000, 'x'), "text/plain")->status, 400);
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
