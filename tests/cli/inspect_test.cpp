// The commands that look: describe, check, model, list, schema, reference.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/json_value.h"
#include "cli/thalweg_process.h"

namespace thalweg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Inspect : public ::testing::Test {
 protected:
  Folder folder;
  std::string sums =
      folder.write("sums.yaml", std::string(sum_pipeline) + "dead_letters: sums.dead\n");
};

TEST_F(Inspect, Describe_shows_every_step_with_names_and_types) {
  const Ran ran = run_thalweg({"describe", sums});
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* part : {"pipeline sums", "topic numbers", "x: float32 [2]", "filter",
                           "sum: float32", "to sums", "sums.dead"}) {
    EXPECT_THAT(ran.out, HasSubstr(part));
  }
}

TEST_F(Inspect, Describe_says_how_a_static_member_shares_out) {
  const auto source = [&](const std::string& kafka) {
    return run_thalweg({"describe", sums, "--set", "kafka.bootstrap.servers=127.0.0.1:1", "--set",
                        "from.kafka={" + kafka + "}"})
        .out;
  };
  EXPECT_THAT(source("group.instance.id: rack-7"),
              HasSubstr("static member rack-7, partitions by range"));
  EXPECT_THAT(source("group.instance.id: rack-7, group.protocol: consumer"),
              HasSubstr("static member rack-7\n"));
  EXPECT_THAT(source("client.id: c"), ::testing::Not(HasSubstr("static member")));
}

TEST_F(Inspect, Describe_has_json_for_scripts_and_dot_for_pictures) {
  const auto json = cli::parse_json(run_thalweg({"describe", sums, "--format", "json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->find("pipeline")->text, "sums");
  EXPECT_GE(json->find("nodes")->items.size(), 5U);
  EXPECT_THAT(run_thalweg({"describe", sums, "--format", "dot"}).out,
              StartsWith("digraph \"sums\" {"));
  EXPECT_EQ(run_thalweg({"describe", sums, "--format", "svg"}).code, 2);
  EXPECT_EQ(run_thalweg({"describe", sums, "--json"}).out,
            run_thalweg({"describe", sums, "--format", "json"}).out);
}

TEST_F(Inspect, Check_offline_finds_a_good_pipeline_good_and_prints_what_a_row_costs) {
  const Ran ran = run_thalweg({"check", sums, "--offline"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("model 'adder'"));
  EXPECT_THAT(ran.out, HasSubstr("cpu µs/row"));
  EXPECT_THAT(ran.out, HasSubstr("names, types and shapes fit"));
}

TEST_F(Inspect, Check_names_both_sides_of_a_signature_that_does_not_fit) {
  const Ran ran =
      run_thalweg({"check", sums, "--offline", "--set", "models.adder.inputs={x: 'float32[?,3]'}"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("error"));
  EXPECT_THAT(ran.out, HasSubstr("[?,3]"));
}

TEST_F(Inspect,
       Check_warns_where_a_bad_record_would_stop_the_pipeline_and_strict_makes_that_a_finding) {
  const std::string bare = folder.write("bare.yaml", sum_pipeline);
  const Ran ran = run_thalweg({"check", bare, "--offline"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("warning"));
  EXPECT_THAT(ran.out, HasSubstr("will stop at the first record"));
  EXPECT_EQ(run_thalweg({"check", bare, "--offline", "--strict"}).code, 1);
  EXPECT_EQ(run_thalweg({"check", sums, "--offline", "--strict"}).code, 0);
}

TEST_F(Inspect, Check_tries_every_file_and_ends_with_the_first_error) {
  const std::string broken = folder.write("broken.yaml", "pipeline: x\n");
  const Ran ran = run_thalweg({"check", broken, sums, "--offline"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("names, types and shapes fit"));
}

TEST_F(Inspect, Check_has_json_for_scripts) {
  const auto json = cli::parse_json(run_thalweg({"check", sums, "--offline", "--json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->find("ok")->text, "true");
  ASSERT_EQ(json->find("models")->items.size(), 1U);
  EXPECT_FALSE(json->find("models")->items[0].find("costs")->items.empty());
  const auto bad = cli::parse_json(run_thalweg({"check", "none.yaml", "--offline", "--json"}).out);
  ASSERT_TRUE(bad.ok());
  EXPECT_EQ(bad->find("ok")->text, "false");
  EXPECT_EQ(bad->find("findings")->items[0].find("code")->text, "config_invalid");
}

TEST_F(Inspect, Check_says_that_no_broker_answers) {
  // Port 1 is nobody's.
  const Ran ran = run_thalweg(
      {"check", sums, "--set", "kafka.bootstrap.servers='127.0.0.1:1'", "--timeout", "1"});
  EXPECT_EQ(ran.code, 4) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("127.0.0.1:1"));
}

TEST_F(Inspect, A_mistyped_Kafka_property_is_found_by_every_command_without_a_broker) {
  const std::vector<std::string> set{"--set", "kafka.secruity.protocol=ssl"};
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"check", sums, "--offline"}, {"score", sums}, {"describe", sums}, {"run", sums}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), set.begin(), set.end());
    const Ran ran = run_thalweg(arguments);
    EXPECT_EQ(ran.code, 3) << command[0];
    EXPECT_THAT(ran.out + ran.err, HasSubstr("Did you mean 'security.protocol'?")) << command[0];
  }
  const Ran value =
      run_thalweg({"check", sums, "--offline", "--set", "kafka.security.protocol=sll"});
  EXPECT_EQ(value.code, 3);
  EXPECT_THAT(value.out, HasSubstr("'sll'"));
  EXPECT_THAT(value.out, ::testing::Not(HasSubstr("kafka: kafka:")));
}

TEST_F(Inspect, Check_does_not_call_a_configuration_ok_that_has_an_error) {
  const Ran ran = run_thalweg({"check", sums, "--offline", "--set", "models.adder.rows_mx=3"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("rows_max"));
  EXPECT_THAT(ran.out, ::testing::Not(HasSubstr("ok ")));
}

TEST_F(Inspect, Check_finds_Kafka_settings_that_contradict_each_other_without_a_broker) {
  for (const char* from : {
           "partition.assignment.strategy: 'range,cooperative-sticky'",
           "group.protocol: consumer, session.timeout.ms: 10000",
           "group.protocol: consumer, partition.assignment.strategy: range",
           "max.poll.interval.ms: 2000, session.timeout.ms: 10000",
       }) {
    const std::string set = std::string("from.kafka={") + from + "}";
    const Ran ran = run_thalweg(
        {"check", sums, "--offline", "--set", "kafka.bootstrap.servers=127.0.0.1:1", "--set", set});
    EXPECT_EQ(ran.code, 3) << set << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("librdkafka refuses the settings")) << set;
    EXPECT_THAT(ran.out, ::testing::Not(HasSubstr("ok       configuration"))) << set;
  }
  const Ran secure = run_thalweg(
      {"check", sums, "--offline", "--set", "kafka.bootstrap.servers=127.0.0.1:1", "--set",
       "kafka.security.protocol=sasl_ssl", "--set", "kafka.ssl.ca.location=/not/on/this/machine"});
  EXPECT_EQ(secure.code, 0) << secure.out << "what only the place of the run has is not asked for";
}

TEST_F(Inspect, Check_says_a_place_once) {
  const Ran ran = run_thalweg(
      {"check", sums, "--offline", "--set", "models.adder={path: nowhere, runtime: tensorflow}"});
  const auto first = ran.out.find("model 'adder'");
  ASSERT_NE(first, std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("model 'adder'", first + 1), std::string::npos) << ran.out;
}

TEST_F(Inspect, Check_prints_what_the_run_would_warn_of) {
  const Ran ran =
      run_thalweg({"check", sums, "--offline", "--strict", "--set", "models.adder.fail_when=always",
                   "--set", "models.adder.fail_code=invalid_model_input"});
  EXPECT_THAT(ran.out, HasSubstr("made-up rows are refused")) << ran.out;
}

// Every model there is: a pipeline that `check` passes, or the reason why there is none.
TEST(ModelNative, A_pipeline_to_start_from_passes_check_where_it_was_saved) {
  const Folder folder;
  int printed = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(THALWEG_SOURCE_DIR "/tests/models")) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    const std::string file = folder.path(name + ".yaml");
    const Ran made = run_thalweg({"model", entry.path().string(), "--output", file});
    if (made.code != 0) {
      EXPECT_THAT(made.err, HasSubstr("expected")) << name;
      continue;
    }
    ++printed;
    const Ran checked = run_thalweg({"check", "--offline", file});
    // 4: its runtime is not installed here.
    EXPECT_TRUE(checked.code == 0 || checked.code == 4) << name << "\n" << checked.out;
  }
  EXPECT_GT(printed, 20);
}

TEST(ModelNative, A_file_that_is_there_is_not_written_over) {
  const Folder folder;
  const std::string file = folder.write("mine.yaml", "precious");
  const Ran ran =
      run_thalweg({"model", THALWEG_SOURCE_DIR "/tests/models/onnx_mlp", "--output", file});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(folder.read("mine.yaml"), "precious");
}

TEST(ModelNative, Versions_signatures_and_a_pipeline_to_start_from_are_shown) {
  const std::string path = THALWEG_SOURCE_DIR "/examples/tweets/model";
  const Ran ran = run_thalweg({"model", path});
  if ((ran.out + ran.err).find("THALWEG_TENSORFLOW_DIR") != std::string::npos) {
    GTEST_SKIP() << "TensorFlow is not installed: " << ran.err;
  }
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("version 1"));
  EXPECT_THAT(ran.out, HasSubstr("'embedding_2_input' (float32 [?,121])"));
  const Ran pipeline = run_thalweg({"model", path, "--pipeline"});
  EXPECT_THAT(ran.out, HasSubstr(pipeline.out));
  EXPECT_THAT(pipeline.out, StartsWith("pipeline: "));
  const std::string text = run_thalweg({"model", path, "--json"}).out;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1)
      << "one line, and no empty one behind it";
  const auto json = cli::parse_json(text);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->find("versions")->items.size(), 1U);
}

TEST(ModelNative, A_version_whose_variables_are_cut_off_is_shown_as_unusable) {
  namespace fs = std::filesystem;
  const Folder folder;
  const std::string model = folder.path("twice");
  fs::copy(THALWEG_SOURCE_DIR "/tests/models/two_versions", model, fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(model + "/2")) {
    if (entry.path().filename().string().starts_with("variables.data"))
      fs::resize_file(entry.path(), entry.file_size() - 1);
  }
  const Ran ran = run_thalweg({"model", model});
  EXPECT_THAT(ran.out, HasSubstr("cut-off variables.data-00000-of-00001"));
  const Ran file = run_thalweg({"model", model + "/1/saved_model.pb"});
  EXPECT_THAT(file.out, StartsWith(model + "/1\n  version 1"));
}

TEST(Model, A_folder_without_a_model_is_an_error_that_names_it) {
  const Folder folder;
  const Ran ran = run_thalweg({"model", folder.path("none")});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr(folder.path("none")));
}

TEST(List, Every_kind_of_part_is_there_and_one_can_be_chosen) {
  const Ran all = run_thalweg({"list"});
  for (const char* part : {"json", "filter", "explode", "infer", "log1p", "lemmatise", "tensorflow",
                           "openvino", "fake"}) {
    EXPECT_THAT(all.out, HasSubstr(std::string("  ") + part));
  }
  EXPECT_THAT(run_thalweg({"list", "runtimes"}).out, ::testing::Not(HasSubstr("log1p")));
  const auto json = cli::parse_json(run_thalweg({"list", "--json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_GT(json->find("features")->items.size(), 20U);
}

TEST(Schema, It_is_json_that_knows_the_settings) {
  const Ran ran = run_thalweg({"schema"});
  EXPECT_EQ(ran.code, 0);
  const auto json = cli::parse_json(ran.out);
  ASSERT_TRUE(json.ok());
  for (const char* setting : {"pipeline", "from", "steps", "to", "models", "dead_letters"}) {
    EXPECT_NE(json->find("properties")->find(setting), nullptr) << setting;
  }
}

TEST(Reference, The_page_in_docs_is_current) {
  const Ran ran = run_thalweg({"reference"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, read_file(THALWEG_SOURCE_DIR "/docs/reference.md")) << "run script/reference";
}

}  // namespace
}  // namespace thalweg::test
