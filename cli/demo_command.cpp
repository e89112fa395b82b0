#include "cli/demo_command.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "cli/demo_cluster.h"
#include "cli/demo_feed.h"
#include "cli/demo_reader.h"
#include "cli/demo_view.h"
#include "cli/pipeline_options.h"
#include "config/yaml_reader.h"
#include "run/exit_code.h"
#include "run/kafka_ports.h"
#include "run/process.h"
#include "run/signal_mask.h"

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t input_bytes_max = std::size_t{64} << 20;
constexpr int input_partitions = 2;

struct Options {
  PipelineOptions pipeline;
  std::string input;
  std::string bootstrap;
  std::size_t limit = 0;
  double rate = 100;
  std::size_t patience_s = 30;
};

Result<std::vector<std::string>> read_lines(const std::string& path, std::size_t limit) {
  auto text = read_text_file(path, input_bytes_max);
  if (!text) return std::move(text).error();
  std::vector<std::string> lines;
  std::string_view rest = *text;
  while (!rest.empty() && (limit == 0 || lines.size() < limit)) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.empty()) lines.emplace_back(line);
  }
  if (lines.empty())
    return Error(Code::config_invalid,
                 fmt::format("--input: expected lines; got none in '{}'", path));
  return lines;
}

// Feeds the pipeline and shows what comes of it, beside the pipeline's own threads, until everything has come out.
class Stage {
 public:
  Stage(Process& process, std::unique_ptr<DemoFeed> feed, std::unique_ptr<DemoReader> reader,
        DemoView view, std::uint64_t inputs, std::chrono::seconds patience)
      : process_(process),
        feed_(std::move(feed)),
        reader_(std::move(reader)),
        view_(view),
        inputs_(inputs),
        patience_(patience) {}
  ~Stage() { finish(); }

  void start() {
    thread_ = std::thread([this] {
      act();
      process_.request_stop();
    });
  }
  void finish() {
    stop_.store(true);
    if (thread_.joinable()) thread_.join();
  }

  // After finish():
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  // From the first record to the last; the pipeline's start is not counted.
  [[nodiscard]] double seconds() const noexcept {
    return std::chrono::duration<double>(last_ - first_).count();
  }

 private:
  void act() {
    // Samples that wait before the pipeline is there would come out all at once.
    const auto give_up = Steady::now() + patience_;
    while (!stop_.load() && !ready() && Steady::now() < give_up) std::this_thread::sleep_for(20ms);
    feed_->start();
    auto quiet_since = Steady::now();
    while (!stop_.load() && !all_out()) {
      const std::size_t came =
          reader_->read(100ms, [this](const DemoRecord& record) { view_.show(record); });
      const auto now = Steady::now();
      if (came > 0) {
        if (first_ == Steady::time_point{}) first_ = now;
        quiet_since = last_ = now;
      } else if (now - quiet_since > patience_) {
        failure_ = too_quiet();
        return;
      }
      if (auto failed = feed_->failure()) {
        failure_ = std::move(failed);
        return;
      }
    }
  }

  bool ready() {
    if (!process_.started()) return false;
    const auto& pipelines = process_.pipelines();
    return std::all_of(pipelines.begin(), pipelines.end(),
                       [](const auto& p) { return p->not_ready().empty(); });
  }

  // All inputs have come to an end, and everything written was seen.
  bool all_out() {
    if (!process_.started()) return false;
    const Summary sum = summary_of(process_.pipelines());
    return sum.finished() >= inputs_ && view_.outputs() >= sum.outputs && view_.dead() >= sum.dead;
  }

  Error too_quiet() const {
    const Summary sum = process_.started() ? summary_of(process_.pipelines()) : Summary{};
    return Error(Code::timed_out, fmt::format("demo: expected {} records to come out; {} were "
                                              "sent, {} were read by the pipeline, {} outputs and "
                                              "{} dead letters were seen, and then nothing for {} "
                                              "s; --patience sets how long to wait",
                                              inputs_, feed_->sent(), sum.in, view_.outputs(),
                                              view_.dead(), patience_.count()));
  }

  Process& process_;
  std::unique_ptr<DemoFeed> feed_;
  std::unique_ptr<DemoReader> reader_;
  DemoView view_;
  const std::uint64_t inputs_;
  const std::chrono::seconds patience_;
  std::optional<Error> failure_;
  Steady::time_point first_{}, last_{};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Result<std::unique_ptr<Stage>> make_stage(const PipelineFile& file, Process& process,
                                          std::vector<std::string> lines, const Options& options) {
  auto config = kafka_config_of(file);
  if (!config) return std::move(config).error();
  const auto topics = written_topics(file);
  auto reader = DemoReader::make(*config, topics);
  if (!reader) return std::move(reader).error();
  const std::uint64_t inputs = lines.size();
  auto feed = DemoFeed::make(*config, input_topics(file.values.section("from")).front(),
                             std::move(lines), options.rate);
  if (!feed) return std::move(feed).error();
  const std::size_t outputs = topics.size() - (file.values.given("dead_letters") ? 1 : 0);
  return std::make_unique<Stage>(process, std::move(feed).value(), std::move(reader).value(),
                                 DemoView(outputs > 1), inputs,
                                 std::chrono::seconds(options.patience_s));
}

int run_demo(const PipelineFile& file, const Options& options, std::vector<std::string> lines,
             Log& log) {
  Process process(builtins(), log);
  if (Status added = process.add(file); !added.ok()) return report(added.error());
  auto stage = make_stage(file, process, std::move(lines), options);
  if (!stage) return report(stage.error());
  Status ran;
  {
    const SignalMask mask;  // for the stage's threads; Process::run watches the signals
    (*stage)->start();
    ran = process.run();
  }
  (*stage)->finish();
  const Summary summary = summary_of(process.pipelines());
  if (summary.in > 0) fmt::print("{}", demo_summary(summary, (*stage)->seconds()));
  std::fflush(stdout);
  if (!ran.ok()) return report(ran.error());
  return (*stage)->failure() ? report(*(*stage)->failure()) : exit_ok;
}

int demo(const Options& options) {
  auto lines = read_lines(options.input, options.limit);
  if (!lines) return report(lines.error());
  auto as_written = options.pipeline.read(options.pipeline.path());
  if (!as_written) return report(as_written.error());
  auto cluster = DemoCluster::start(options.bootstrap);
  if (!cluster) return report(cluster.error());
  auto file = options.pipeline.read(options.pipeline.path(), cluster->overrides(*as_written));
  if (!file) return report(file.error());
  const Values& v = file->values;
  fmt::print("{}: {} from '{}' to {}, on {}\n\n", v.string("pipeline"), options.input,
             input_topics(v.section("from")).front(), quoted_list(written_topics(*file)),
             cluster->words());
  std::fflush(stdout);
  if (Status created = cluster->create_topics(*file, input_partitions); !created.ok())
    return report(created.error());
  Log log(std::max(log_level_of(v), LogLevel::warning), log_format_of(v));
  log.without_progress();
  return run_demo(*file, options, std::move(lines).value(), log);
}

}  // namespace

void add_demo_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "demo",
      "Show a pipeline at work: sample lines in, predictions out, on a broker inside the process",
      "  thalweg demo tweets.yaml --input sample.jsonl\n"
      "  thalweg demo tweets.yaml --input sample.jsonl --rate 0                  as fast as it "
      "goes\n"
      "  thalweg demo tweets.yaml --input sample.jsonl --bootstrap-servers localhost:9092\n"
      "\nWithout --bootstrap-servers the broker is librdkafka's mock: nothing has to be installed, "
      "and it forgets everything at the end.\n"
      "On real brokers the topics are created where they are missing, and the demo has a consumer "
      "group of its own.",
      [options] { return demo(*options); });
  options->pipeline.declare_file(command);
  command.add_option("--input", options->input, "Sample lines: each becomes the value of a record")
      .type_name("FILE")
      .required();
  command.add_option("--bootstrap-servers", options->bootstrap, "Use these brokers")
      .type_name("HOST:PORT");
  command.add_option("--limit", options->limit, "Send so many lines").type_name("N");
  command.add_option("--rate", options->rate, "Lines a second; 0: as fast as it goes")
      .capture_default_str()
      .type_name("R");
  command
      .add_option("--patience", options->patience_s,
                  "Give up when nothing has come out for so long")
      .capture_default_str()
      .type_name("SECONDS");
}

}  // namespace thalweg::cli
