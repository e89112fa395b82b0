#include "monitor/shadow_records.h"

#include <iterator>
#include <mutex>

#include <fmt/format.h>

#include "config/json_text.h"

namespace thalweg::monitor {
namespace {

template <class... Args>
void put(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

// An object of all columns.
std::unique_ptr<Encoder> encoder_for(const Schema& schema, const Registry& registry) {
  const EncoderKind* json = registry.encoder("json");
  auto settings = read(*json->section, Node::map({{"nonfinite", Node::scalar("null", true)}}));
  if (!settings) return nullptr;
  auto encoder = json->make(*settings, Node(), schema);
  return encoder ? std::move(encoder).value() : nullptr;
}

std::string id_of(const SourceRecord& record) {
  return fmt::format("{}-{}-{}", record.topic, record.partition.value, record.offset.value);
}

}  // namespace

class ShadowRecords::Shadow final : public ScoreObserver {
 public:
  Shadow(const Registry& registry, const Put& put) : registry_(registry), put_(put) {}

  void scored(const Scored&) noexcept override {}
  void compared(const Compared& c) noexcept override {
    if (c.route.shadow_topic.empty() || c.batch == nullptr) return;
    const std::lock_guard lock(mutex_);  // several steps may have a shadow each
    Encoder* encoder = encoder_of(c.output_schema);
    if (encoder == nullptr) return;
    scratch_.reset();
    scratch_.add_record({});  // an encoder may look whose row it is
    values_.clear();
    for (const auto* outputs : {&c.challenger_outputs, &c.champion_outputs}) {
      scratch_.rows().begin(c.output_schema);
      scratch_.rows().record_of.assign(c.rows.size(), 0);
      for (std::size_t i = 0; i < outputs->size(); ++i)
        scratch_.rows().columns[i].append_range_from((*outputs)[i], 0, (*outputs)[i].rows());
      for (std::uint32_t row = 0; row < c.rows.size(); ++row) {
        auto value = encoder->encode(scratch_, row);
        values_.push_back(value ? *value : std::string_view("null"));
      }
    }
    for (std::size_t i = 0; i < c.rows.size(); ++i)
      tell(c, c.rows[i], values_[i], values_[c.rows.size() + i]);
  }

 private:
  struct Known {
    Schema schema;
    std::unique_ptr<Encoder> encoder;
  };
  Encoder* encoder_of(const Schema& schema) {
    for (const Known& known : encoders_)
      if (known.schema == schema) return known.encoder.get();
    return encoders_.emplace_back(Known{schema, encoder_for(schema, registry_)}).encoder.get();
  }

  void tell(const Compared& c, std::uint32_t row, std::string_view outputs,
            std::string_view champion) {
    const SourceRecord& source = c.batch->record(c.batch->rows().record_of[row]);
    const std::string id = id_of(source);
    ShadowRecord record{.topic = c.route.shadow_topic,
                        .key = {},
                        .value = "{\"id\":",
                        .header = fmt::format("id={},model={},version={},role=shadow", id,
                                              c.challenger.model, c.challenger.version),
                        .timestamp = source.timestamp};
    if (source.key) record.key.emplace(*source.key);
    if (c.route.epoch >= 0) put(record.header, ",epoch={}", c.route.epoch);
    std::string& out = record.value;
    config::append_json_string(id, out);
    const std::uint32_t number = c.row_numbers[row];
    if (number != Compared::only_row) put(out, ",\"row\":{}", number);
    out += ",\"models\":[{\"model\":";
    config::append_json_string(c.challenger.model, out);
    put(out, ",\"version\":{},\"variant\":\"shadow\",\"role\":\"shadow\",\"epoch\":{}}}]",
        c.challenger.version, c.route.epoch);
    put(out, ",\"latency_us\":{:.1f},\"outputs\":{}", c.challenger_ns_per_row / 1000, outputs);
    put(out, ",\"champion\":{{\"version\":{},\"variant\":", c.champion.version);
    config::append_json_string(c.variant.name, out);
    put(out, ",\"latency_us\":{:.1f},\"outputs\":{}}}}}", c.champion_ns_per_row / 1000, champion);
    put_(std::move(record));
  }

  const Registry& registry_;
  const Put& put_;
  std::mutex mutex_;
  std::vector<Known> encoders_;           // mutex_
  Batch scratch_;                         // mutex_
  std::vector<std::string_view> values_;  // mutex_; the challenger's, then the champion's
};

class ShadowRecords::Worker final : public ScoreObserver {
 public:
  Worker(const Registry& registry, const Put& put) : shadow_(registry, put) {}
  void scored(const Scored&) noexcept override {}
  [[nodiscard]] ScoreObserver* on_shadow() noexcept override { return &shadow_; }

 private:
  Shadow shadow_;
};

ShadowRecords::ShadowRecords(const Registry& registry, Put put)
    : registry_(registry), put_(std::move(put)) {}

ShadowRecords::~ShadowRecords() = default;

ScoreObserver& ShadowRecords::observer() {
  return *workers_.emplace_back(std::make_unique<Worker>(registry_, put_));
}

}  // namespace thalweg::monitor
