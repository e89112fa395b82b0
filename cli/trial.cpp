#include "cli/trial.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include <fmt/format.h>

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;

// A model that cannot answer now is asked again after a while; the clock is moved there at once.
constexpr int retries_max = 20;

using ByPlace = std::unordered_map<std::string, std::size_t>;

std::string place(std::string_view topic, std::string_view partition, std::string_view offset) {
  return fmt::format("{}-{}-{}", topic, partition, offset);
}

// "id=payments-0-17,model=…" → "payments-0-17"
std::string place_of_output(const TestOutput& output) {
  const std::string header = output.header("thalweg").value_or("");
  const std::size_t end = header.find(",model=");
  const std::size_t fallback = header.find(",fallback=");
  return header.substr(0, std::min(end, fallback)).substr(std::min<std::size_t>(3, header.size()));
}

std::string place_of_dead_letter(const TestOutput& letter) {
  const auto part = [&](const char* name) {
    return letter.header(std::string("__thalweg.errors.") + name).value_or("");
  };
  return place(part("topic"), part("partition"), part("offset"));
}

std::size_t partitions_of(std::span<const TrialRecord> records) {
  std::size_t count = 1;
  for (const TrialRecord& r : records) {
    count = std::max(count, static_cast<std::size_t>(r.input.partition.value) + 1);
  }
  return count;
}

// Offsets are given in the order of sending, per partition.
ByPlace send_all(TestDriver& driver, std::span<const TrialRecord> records) {
  ByPlace places;
  std::unordered_map<std::string, std::size_t> next_offset;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const TrialRecord& r = records[i];
    const std::string partition = std::to_string(r.input.partition.value);
    const std::size_t offset = next_offset[r.topic + "-" + partition]++;
    places.emplace(place(r.topic, partition, std::to_string(offset)), i);
    driver.send(r.topic, r.input);
  }
  return places;
}

Status run_to_the_end(TestDriver& driver) {
  for (int i = 0; i < retries_max; ++i) {
    if (Status ran = driver.try_run(); !ran.ok()) return ran;
    if (driver.counts().add_up()) return {};
    driver.clock().advance(10s);
  }
  return Error(
      Code::timed_out,
      fmt::format("the pipeline: expected every record to come to an end; {} of {} did not, after "
                  "{} tries",
                  driver.counts().in - driver.counts().forwarded - driver.counts().filtered -
                      driver.counts().absorbed - driver.counts().dead,
                  driver.counts().in, retries_max));
}

Error stray(const TestOutput& output) {
  return Error(
      Code::internal,
      fmt::format(
          "the pipeline wrote a record to '{}' that belongs to no input (header thalweg: '{}')",
          output.topic, output.header("thalweg").value_or("")));
}

Status collect(const PipelineFile& file, TestDriver& driver, const ByPlace& places,
               std::vector<Outcome>& outcomes) {
  std::vector<std::string> seen;
  for (const Values& to : file.values.sections("to")) {
    const std::string& topic = to.string("topic");
    if (std::find(seen.begin(), seen.end(), topic) != seen.end()) continue;
    seen.push_back(topic);
    for (TestOutput& output : driver.read(topic)) {
      const auto it = places.find(place_of_output(output));
      if (it == places.end()) return stray(output);
      outcomes[it->second].outputs.push_back(std::move(output));
    }
  }
  for (TestOutput& letter : driver.dead_letters()) {
    const auto it = places.find(place_of_dead_letter(letter));
    if (it == places.end()) return stray(letter);
    outcomes[it->second].dead = std::move(letter);
  }
  return {};
}

Result<TrialResult> run(const PipelineFile& file, const Registry& registry,
                        std::span<const TrialRecord> records, const TrialOptions& options) {
  TestDriver driver(file, registry,
                    {.partitions = partitions_of(records), .batch_records = options.cut});
  if (options.now)
    driver.clock().advance(std::chrono::milliseconds(options.now->ms - driver.clock().now().ms));
  const ByPlace places = send_all(driver, records);
  if (Status ran = run_to_the_end(driver); !ran.ok()) return std::move(ran).error();
  TrialResult result;
  result.outcomes.resize(records.size());
  result.counts = driver.counts();
  if (Status got = collect(file, driver, places, result.outcomes); !got.ok())
    return std::move(got).error();
  return result;
}

}  // namespace

Result<TrialResult> run_trial(const PipelineFile& file, const Registry& registry,
                              std::span<const TrialRecord> records, const TrialOptions& options) {
  try {
    return run(file, registry, records, options);
  } catch (const TestError& e) {
    return Error(e.code(), e.what());  // what() has the place in front already
  }
}

}  // namespace thalweg::cli
