#include "control/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/fake_models.h"
#include "control/json_node.h"

namespace thalweg::control {
namespace {

using test::FakeModel;
using test::HandClock;
using ::testing::HasSubstr;
using ::testing::Not;

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    ControllerOptions options;
    options.pipeline = "p";
    options.process = "only";
    controller.emplace(std::move(options), desk, std::vector<ControlledModel*>{&model}, clock);
    EXPECT_TRUE(controller->begin().ok());
    controller->turn();
    api.emplace(std::vector<Controller*>{&*controller});
  }
  ApiReply post(const std::string& path, const std::string& body) {
    return api->handle({"POST", path, {}, body});
  }
  ApiReply get(const std::string& path) { return api->handle({"GET", path, {}, ""}); }
  std::string serving() {
    controller->turn();
    return model.serving.variants.front().version;
  }
  HandClock clock;
  FakeModel model{"m"};
  MemoryLog log;
  Desk desk{log, clock};
  std::optional<Controller> controller;
  std::optional<Api> api;
};

TEST_F(ApiTest, Load_changes_the_version_and_unload_takes_a_variant_away) {
  EXPECT_EQ(post("/v2/repository/models/m/load",
                 R"({"parameters":{"version":"4","by":"ann","why":"new"}})")
                .status,
            200);
  EXPECT_EQ(serving(), "4");
  EXPECT_EQ(post("/v2/repository/models/m/load", "").status, 200) << "it is loaded";
  EXPECT_EQ(serving(), "4");
  const auto whole = post("/v2/repository/models/m/unload", "{}");
  EXPECT_EQ(whole.status, 400);
  EXPECT_THAT(whole.body, HasSubstr("pause the pipeline instead"));
}

TEST_F(ApiTest, What_a_Triton_client_sends_with_an_unload_is_understood) {
  const auto whole =
      post("/v2/repository/models/m/unload", R"({"parameters":{"unload_dependents":false}})");
  EXPECT_THAT(whole.body, HasSubstr("pause the pipeline instead"));
}

TEST_F(ApiTest, A_load_without_a_variant_is_all_traffic_and_with_one_its_share_stays) {
  const auto state = R"({"state":{"variants":[{"name":"champion","version":"3","share":9000},
      {"name":"b","version":"4","share":1000}]}})";
  ASSERT_EQ(post("/v2/models/m/control", state).status, 200);
  EXPECT_THAT(
      post("/v2/repository/models/m/load", R"({"parameters":{"version":"5","variant":"b"}})").body,
      AllOf(HasSubstr(R"("version":"3","share":9000)"),
            HasSubstr(R"("version":"5","share":1000)")));
  const auto all = post("/v2/repository/models/m/load", R"({"parameters":{"version":"6"}})");
  EXPECT_THAT(all.body,
              HasSubstr(R"("variants":[{"name":"champion","version":"6","share":10000}])"));
}

TEST_F(ApiTest,
       A_shadow_is_loaded_with_its_topic_and_its_share_which_stay_when_only_the_version_changes) {
  const auto loaded = post("/v2/repository/models/m/load", R"({"parameters":
      {"version":"5","shadow":true,"topic":"scores.shadow","cpu_share":0.25}})");
  ASSERT_EQ(loaded.status, 200) << loaded.body;
  EXPECT_THAT(loaded.body,
              HasSubstr(R"("shadow":{"version":"5","topic":"scores.shadow","cpu_share":0.25})"));
  EXPECT_THAT(
      post("/v2/repository/models/m/load", R"({"parameters":{"version":"6","shadow":true}})").body,
      HasSubstr(R"("shadow":{"version":"6","topic":"scores.shadow","cpu_share":0.25})"));
  for (const char* share : {"0", "-1", "65"}) {
    const auto wrong = post(
        "/v2/repository/models/m/load",
        std::string(R"({"parameters":{"version":"6","shadow":true,"cpu_share":)") + share + "}}");
    EXPECT_EQ(wrong.status, 400) << share;
    EXPECT_THAT(wrong.body, HasSubstr("cpu_share"));
  }
}

TEST_F(ApiTest, The_index_names_every_version_with_state_reason_and_address_or_only_what_is_ready) {
  model.of_versions = {{1, "AVAILABLE", "serving", "", ""},
                       {2, "END", "", "it does not load", "https://***@h/m/2"},
                       {3, "WARMING", "", "", ""},
                       {4, "START", "", "half copied", ""}};
  const auto all = post("/v2/repository/index", "");
  EXPECT_EQ(all.status, 200);
  EXPECT_THAT(all.body, HasSubstr(R"({"name":"m","version":"1","state":"READY","reason":"")"));
  EXPECT_THAT(all.body, HasSubstr(R"("version":"2","state":"UNAVAILABLE","reason":"it does not )"
                                  R"(load","role":"","uri":"https://***@h/m/2")"));
  EXPECT_THAT(all.body, HasSubstr(R"("version":"3","state":"WARMING")"));
  EXPECT_THAT(all.body, HasSubstr(R"("version":"4","state":"UNAVAILABLE","reason":"half copied")"));
  const auto ready = post("/v2/repository/index", R"({"ready":true})");
  EXPECT_THAT(ready.body, HasSubstr(R"("version":"1")"));
  EXPECT_THAT(ready.body, Not(HasSubstr(R"("version":"3")")));
}

TEST_F(ApiTest, A_model_is_ready_when_a_version_of_it_answers) {
  EXPECT_EQ(get("/v2/models/m/ready").status, 503);
  for (const char* role : {"", "shadow", "previous", "prepared"}) {
    model.of_versions = {{1, "AVAILABLE", role, "", ""}};
    EXPECT_EQ(get("/v2/models/m/ready").status, 503) << role;
  }
  for (const char* role : {"serving", "b, shadow"}) {
    model.of_versions = {{1, "AVAILABLE", role, "", ""}};
    EXPECT_EQ(get("/v2/models/m/ready").status, 200) << role;
  }
}

TEST_F(ApiTest, A_shadow_that_sees_no_rows_is_told_beside_the_epoch_that_is_active) {
  ASSERT_EQ(post("/v2/repository/models/m/load", R"({"parameters":{"version":"5","shadow":true}})")
                .status,
            200);
  model.of_shadow = {false, "version 5 does not load"};
  (void)serving();
  controller->turn();  // reads its own word
  const auto status = get("/v2/models/m/status");
  EXPECT_THAT(status.body, HasSubstr(R"("converged":true)"));
  EXPECT_THAT(status.body, HasSubstr(R"("refused":"","shadow_pending":false,"shadow_refused":)"
                                     R"("version 5 does not load")"));
}

TEST_F(ApiTest, A_state_is_set_whole_and_409_tells_that_somebody_was_faster) {
  const std::string state = R"("state":{"variants":[{"version":"7","share":10000}]})";
  const auto first = post("/v2/models/m/control", "{" + state + R"(,"if_epoch":-1})");
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(serving(), "7");
  const auto late = post("/v2/models/m/control",
                         R"({"state":{"variants":[{"version":"8","share":10000}]},"if_epoch":-1})");
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(late.body, HasSubstr("somebody was faster"));
  EXPECT_EQ(post("/v2/models/m/control", R"({"state":null})").status, 200);
  EXPECT_EQ(serving(), "latest");
  controller->turn();  // reads its own word
  const auto status = get("/v2/models/m/status");
  EXPECT_EQ(status.status, 200);
  EXPECT_THAT(status.body, HasSubstr(R"("source":"file")"));
  EXPECT_THAT(status.body, HasSubstr(R"("converged":true)"));
}

TEST_F(ApiTest, A_version_s_address_is_answered_without_its_secrets_and_written_back_as_it_was) {
  const std::string whole = "https://ann:hush7@h/m/3?sig=hush7#sha256=" + std::string(64, 'a');
  const std::string seen = "https://***@h/m/3?sig=***#sha256=" + std::string(64, 'a');
  const auto state = [](const std::string& version) {
    return R"({"state":{"variants":[{"name":"a","version":")" + version +
           R"(","share":6000},{"name":"b","version":"4","share":4000}]}})";
  };
  const auto written = post("/v2/models/m/control", state(whole));
  EXPECT_EQ(written.status, 200) << written.body;
  EXPECT_EQ(serving(), whole);
  controller->turn();
  const auto status = get("/v2/models/m/status");
  EXPECT_THAT(status.body, HasSubstr(seen));
  for (const auto& reply : {written, status, post("/v2/models/m/control", state("3")),
                            post("/v2/models/m/control", state(seen))}) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_THAT(reply.body, Not(HasSubstr("hush7")));
  }
  EXPECT_EQ(serving(), whole) << "it was the state before";
  const auto unknown = post("/v2/models/m/control", state("https://***@h/m/9#sha256=ab"));
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body, HasSubstr("give it whole"));
}

TEST_F(ApiTest, Garbage_is_a_4xx_that_says_what_was_expected_and_changes_nothing) {
  for (const char* body : {"{", "[]", "7", R"({"stat":1})", R"({"state":7})", R"({"state":{}})",
                           R"({"state":{"variants":[{"version":"3","share":3}]}})", "\xff", "{}",
                           R"({"state":null,"if_epoch":"x"})"}) {
    const auto reply = post("/v2/models/m/control", body);
    EXPECT_EQ(reply.status, 400) << body << reply.body;
    EXPECT_TRUE(read_json(reply.body).ok()) << reply.body;
  }
  EXPECT_EQ(get("/v2/models/n/status").status, 404);
  for (const char* path : {"/v2", "/v2/", "/v2//", "/v2/models", "/v2/models/m/", "/v2/models//x",
                           "/v2/models/m/nothing", "/v2/pipelines/q/peek", "/v2/pipelines/p/x"})
    EXPECT_EQ(get(path).status, 404) << path;
  EXPECT_EQ(desk.look([](const Board& b) { return b.model("p", "m").epoch; }), -1);
}

TEST_F(ApiTest, A_call_by_another_method_is_told_which_one) {
  for (const char* path : {"/v2/repository/index", "/v2/repository/models/m/load",
                           "/v2/models/m/control", "/v2/pipelines/p/pause"}) {
    const auto reply = get(path);
    EXPECT_EQ(reply.status, 405) << path;
    EXPECT_EQ(reply.allow, "POST");
  }
  for (const char* path : {"/v2/models/m/status", "/v2/pipelines", "/v2/pipelines/p/peek"}) {
    const auto reply = post(path, "{}");
    EXPECT_EQ(reply.status, 405) << path;
    EXPECT_EQ(reply.allow, "GET");
  }
}

// Each key is compared with those before it.
TEST_F(ApiTest, An_object_of_more_keys_than_any_call_has_is_refused) {
  const auto object = [](int keys) {
    std::string text = "{";
    for (int i = 0; i < keys; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
    return text + "}";
  };
  EXPECT_TRUE(read_json(object(1024)).ok());
  const auto many = read_json(object(1025));
  ASSERT_FALSE(many.ok());
  EXPECT_THAT(many.error().message(), HasSubstr("1024 keys"));
  EXPECT_EQ(post("/v2/models/m/control", object(1025)).status, 400);
}

TEST_F(ApiTest, Pause_and_resume_are_written_where_the_models_are) {
  EXPECT_EQ(post("/v2/pipelines/p/pause", R"({"parameters":{"by":"ann"}})").status, 200);
  EXPECT_THAT(get("/v2/pipelines").body, HasSubstr(R"("paused":true)"));
  EXPECT_EQ(post("/v2/pipelines/p/resume", "").status, 200);
  EXPECT_THAT(get("/v2/pipelines").body, HasSubstr(R"("paused":false)"));
}

TEST(ApiGuard, What_changes_something_or_shows_records_is_guarded) {
  EXPECT_TRUE(is_guarded({"POST", "/v2/models/m/control", {}, ""}));
  EXPECT_TRUE(is_guarded({"POST", "/v2/repository/models/m/load", {}, ""}));
  EXPECT_TRUE(is_guarded({"GET", "/v2/pipelines/p/peek", {}, ""}));
  EXPECT_FALSE(is_guarded({"POST", "/v2/repository/index", {}, ""}));
  EXPECT_FALSE(is_guarded({"GET", "/v2/models/m/status", {}, ""}));
}

}  // namespace
}  // namespace thalweg::control
