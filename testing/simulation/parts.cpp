#include "testing/simulation/parts.h"

#include <charconv>

#include <fmt/format.h>

#include "testing/simulation/text_parts.h"

namespace thalweg::testing_kit {
namespace {

int number(std::string_view text) {
  int n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

// Changes nothing, in its time: so that batches can be at different steps.
class Pass final : public Operator {
 public:
  explicit Pass(StageParts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return text_schema; }
  [[nodiscard]] Progress process(Batch&, const Resume&) override {
    failed_ = parts_.stumble();
    if (!failed_) parts_.inside();
    return Progress::done;
  }
  [[nodiscard]] Status result(Batch&) override {
    if (!failed_) return {};
    return Error(Code::model_unavailable, "pass: not now");
  }

 private:
  StageParts parts_;
  bool failed_ = false;
};

// The record count a key, as a step that remembers.
class Count final : public Operator {
 public:
  explicit Count(StageParts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] const Schema& schema() const noexcept override { return text_schema; }
  [[nodiscard]] Store* store() noexcept override { return parts_.stores; }
  [[nodiscard]] Progress process(Batch& batch, const Resume& resume) override {
    failed_ = parts_.stumble();
    if (failed_) return Progress::done;
    count(batch);
    parts_.inside();
    if (!parts_.hold()) return Progress::done;
    parts_.held->held.push_back(resume);
    return Progress::pending;
  }
  [[nodiscard]] Status result(Batch&) override {
    if (!std::exchange(failed_, false)) return {};
    return Error(Code::model_unavailable, "count: not now");
  }

 private:
  void count(Batch& batch) {
    Rows& rows = batch.rows();
    std::vector<bool> live(rows.count());
    for (std::size_t i = 0; i < rows.live_count(); ++i) live[rows.live(i)] = true;
    Column column(text_schema.fields[0].type);
    for (std::uint32_t row = 0; row < rows.count(); ++row) {
      const std::string_view value = rows.columns[0].string_row(row)[0];
      const SourceRecord& record = batch.record(rows.record_of[row]);
      const int n = live[row] && parts_.stores != nullptr ? next(record) : 0;
      column.push_string(batch.arena().copy(fmt::format("{}:{}:{}", *record.key, n, value)));
      column.end_row();
    }
    rows.columns[0] = std::move(column);
  }
  int next(const SourceRecord& record) {
    const std::string key =
        fmt::format("{}[{}]/{}", record.topic, record.partition.value, *record.key);
    const auto old = parts_.stores->get(key);
    const int n = (old.ok() && *old ? number(**old) : 0) + 1;
    (void)parts_.stores->put(key, std::to_string(n));
    return n;
  }

  StageParts parts_;
  bool failed_ = false;
};

}  // namespace

void TaskStores::restore(const TopicPartition& at, const std::map<std::string, int>& counts) {
  auto store = std::make_unique<MemoryStore>();
  store->begin();
  for (const auto& [key, count] : counts)
    (void)store->put(at.to_string() + "/" + key, std::to_string(count));
  (void)store->commit({});
  if (open_) store->begin();
  stores_[at.to_string()] = std::move(store);
}

void TaskStores::begin() {
  open_ = true;
  for (auto& [name, store] : stores_) store->begin();
}

Status TaskStores::commit(Offset changelog) {
  open_ = false;
  for (auto& [name, store] : stores_) {
    if (Status s = store->commit(changelog); !s) return s;
  }
  return {};
}

void TaskStores::abort() noexcept {
  open_ = false;
  for (auto& [name, store] : stores_) store->abort();
}

MemoryStore& TaskStores::of(std::string_view key) {
  auto& store = stores_[std::string(key.substr(0, key.find('/')))];
  if (!store) {
    store = std::make_unique<MemoryStore>();
    if (open_) store->begin();
  }
  return *store;
}

Result<std::optional<std::string_view>> TaskStores::get(std::string_view key) {
  return of(key).get(key);
}

Status TaskStores::put(std::string_view key, std::string_view value) {
  return of(key).put(key, value);
}

Status TaskStores::erase(std::string_view key) {
  return of(key).erase(key);
}

std::unique_ptr<Chain> make_counting_chain(StageParts parts, Sink& sink) {
  auto chain = std::make_unique<Chain>();
  chain->decoder = std::make_unique<TextDecoder>();
  chain->steps.push_back({"pass", "pass", std::make_unique<Pass>(parts)});
  chain->steps.push_back({"count", "count", std::make_unique<Count>(std::move(parts))});
  Output output;
  output.topic = "out";
  output.target = *sink.add_target("out");
  output.value = std::make_unique<TextEncoder>();
  chain->outputs.add(std::move(output));
  return chain;
}

}  // namespace thalweg::testing_kit
