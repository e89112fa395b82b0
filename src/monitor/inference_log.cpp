#include "monitor/inference_log.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "config/json_text.h"
#include "feature/categories/farmhash.h"
#include "model/manifest.h"

namespace thalweg::monitor {
namespace {

constexpr std::uint64_t sample_steps = 1'000'000;
constexpr std::string_view epochs_begin = "{\"epochs\":";
constexpr std::size_t left_out_max = 10'000;
// Longer features and outputs are left out: what a broker refuses would take the record's own outputs with it.
constexpr std::size_t body_bytes_max = 256 * 1024;

// The template of the json encoder: {features: {amount: amount, card: {const: "***"}}, outputs: {score: score}}
Result<Node> body_template(const InferenceLogOptions& options, const Schema& decoded,
                           const Schema& last) {
  const auto listed = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto* names : {&options.fields, &options.mask}) {
    for (const std::string& name : *names) {
      if (last.find(name)) continue;
      return config_error(
          options.where,
          fmt::format("inference_log: fields: a field was expected; got '{}'; "
                      "there is {}.{}",
                      name, quoted_list(last.names()), did_you_mean(name, last.names())));
    }
  }
  Node features = Node::map({});
  for (const std::string& name : options.fields) {
    features.set(name, listed(options.mask, name)
                           ? Node::map({{"const", Node::scalar("***", true)}})
                           : Node::scalar(name));
  }
  Node outputs = Node::map({});
  for (const Field& field : last.fields) {
    if (!decoded.find(field.name)) outputs.set(field.name, Node::scalar(field.name));
  }
  Node body = Node::map({});
  if (!options.fields.empty()) body.set("features", std::move(features));
  body.set("outputs", std::move(outputs));
  return body;
}

// Of the buckets, the variant's.
std::uint32_t share_of(const Route& route, std::string_view variant) {
  std::uint32_t begin = 0;
  for (const Variant& v : route.variants) {
    if (v.name == variant) return v.end - begin;
    begin = v.end;
  }
  return 0;
}

// Routes that changed while batches were under way: more than that are never between two batches.
constexpr std::size_t described_max = 64;

template <class... Args>
void put(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

}  // namespace

Result<std::unique_ptr<InferenceLog>> InferenceLog::make(InferenceLogOptions options,
                                                         const Schema& decoded, const Schema& last,
                                                         const Registry& registry,
                                                         ModelProvider& models) {
  auto body = body_template(options, decoded, last);
  if (!body) return std::move(body).error();
  const EncoderKind* json = registry.encoder("json");
  auto settings = read(*json->section, Node::map({{"nonfinite", Node::scalar("null", true)}}));
  if (!settings) return std::move(settings).error();
  auto encoder = json->make(*settings, *body, last);
  if (!encoder) return std::move(encoder).error();
  std::unique_ptr<InferenceLog> log(new InferenceLog(std::move(options), last, models));
  log->body_ = std::move(encoder).value();
  return log;
}

void InferenceLog::append(Batch& batch) {
  find_routes(batch);
  const Rows& rows = batch.rows();
  std::uint32_t record = UINT32_MAX;
  bool sampled = false;
  for (std::size_t i = 0; i < rows.live_count(); ++i) {
    const std::uint32_t row = rows.live(i);
    if (rows.record_of[row] != record) {
      record = rows.record_of[row];
      if (batch.disposition(record) == Disposition::dead) continue;
      if (options_.epochs && !muted_) add_epochs(batch, record);
      sampled = is_sampled(id_of(batch.record(record)));
      if (sampled && !left_out_.empty() && left_out_.contains(id_)) sampled = false;
    }
    if (!sampled || batch.disposition(record) == Disposition::dead) continue;
    if (muted_) {
      ++lost_;
    } else {
      add_prediction(batch, row, id_);
    }
  }
}

bool InferenceLog::refused(const SourceRecord& record, const OutputRecord& line) {
  if (line.value && line.value->starts_with(epochs_begin)) {
    told_.clear();
    return true;
  }
  ++lost_;
  if (left_out_.size() == left_out_max) left_out_.erase(left_out_.begin());
  left_out_.emplace(id_of(record));
  return false;
}

// The route of a stamp's epoch still is the model's, but for the batches around a change.
void InferenceLog::find_routes(const Batch& batch) {
  stamps_.clear();
  while (described_.size() > described_max) described_.pop_front();
  for (const ModelStamp& stamp : batch.stamps()) {
    Stamp& found = stamps_.emplace_back();
    auto handle = models_.model(stamp.model);
    if (!handle) continue;
    auto route = (*handle)->route();
    describe((*handle)->name(), *route);
    found.described = described_for(stamp);
    if (route->epoch != stamp.epoch) continue;
    if (!route->key.empty()) found.key = schema_.find(route->key).value_or(SIZE_MAX);
    if (route->key.empty() || found.key != SIZE_MAX) found.route = std::move(route);
  }
}

void InferenceLog::describe(const std::string& model, const Route& route) {
  const auto last = std::find_if(described_.rbegin(), described_.rend(),
                                 [&](const Described& d) { return d.model == model; });
  const auto same_versions = [&] {
    return std::equal(last->versions.begin(), last->versions.end(), route.variants.begin(),
                      route.variants.end(), [](const auto& one, const Variant& v) {
                        return one.first == v.name && one.second == v.version->version;
                      });
  };
  if (last != described_.rend() && last->route == &route && last->epoch == route.epoch &&
      same_versions())
    return;
  Described& made = described_.emplace_back();
  made.model = model;
  made.epoch = route.epoch;
  made.route = &route;
  std::string& out = made.json;
  out = ",\"salt\":";
  config::append_json_string(route.salt, out);
  out += ",\"key\":";
  config::append_json_string(route.key, out);
  out += ",\"route\":[";
  for (const Variant& v : route.variants) {
    made.versions.emplace_back(v.name, v.version->version);
    out += made.versions.size() == 1 ? "{\"variant\":" : ",{\"variant\":";
    config::append_json_string(v.name, out);
    put(out, ",\"version\":{},\"end\":{}", v.version->version, v.end);
    // A number may be another version's one day, or an address's: this is what it was.
    if (v.version->manifest != nullptr)
      put(out, ",\"manifest\":\"{}\"", v.version->manifest->sha256);
    out += '}';
  }
  out += ']';
}

const InferenceLog::Described* InferenceLog::described_for(const ModelStamp& stamp) const {
  const std::pair<std::string, std::int64_t> who(stamp.variant, stamp.version);
  for (auto it = described_.rbegin(); it != described_.rend(); ++it) {
    const auto& v = it->versions;
    if (it->epoch == stamp.epoch && it->model == stamp.model &&
        std::find(v.begin(), v.end(), who) != v.end())
      return &*it;
  }
  return nullptr;
}

std::string_view InferenceLog::id_of(const SourceRecord& record) {
  id_.clear();
  put(id_, "{}-{}-{}", record.topic, record.partition.value, record.offset.value);
  return id_;
}

bool InferenceLog::is_sampled(std::string_view id) const noexcept {
  const std::uint64_t step = feature::farm_fingerprint64(id) % sample_steps;
  return static_cast<double>(step) < options_.share * static_cast<double>(sample_steps);
}

std::uint32_t InferenceLog::bucket_of(const Batch& batch, std::uint32_t row, const Stamp& stamp) {
  bucketer_.begin(stamp.route->salt);
  if (stamp.key == SIZE_MAX) return bucketer_.of(batch.record(batch.rows().record_of[row]));
  const Column& column = batch.rows().columns[stamp.key];
  switch (column.type().dtype) {
    case DType::string: return bucketer_.of(column.string_row(row).front());
    case DType::int32: return bucketer_.of(std::int64_t{column.row<std::int32_t>(row)[0]});
    case DType::int64: return bucketer_.of(column.row<std::int64_t>(row)[0]);
    default: return bucketer_.of(std::int64_t{column.row<std::uint8_t>(row)[0]});
  }
}

void InferenceLog::put_models(const Batch& batch, std::uint32_t row, std::uint32_t record) {
  text_ += ",\"models\":[";
  bool first = true;
  for (std::size_t i = 0; i < batch.stamps().size(); ++i) {
    if (!batch.saw(record, i)) continue;
    const ModelStamp& stamp = batch.stamps()[i];
    text_ += first ? "{\"model\":" : ",{\"model\":";
    first = false;
    config::append_json_string(stamp.model, text_);
    put(text_, ",\"version\":{},\"variant\":", stamp.version);
    config::append_json_string(stamp.variant, text_);
    put(text_, ",\"epoch\":{}", stamp.epoch);
    if (const auto& route = stamps_[i].route; route != nullptr) {
      const std::uint32_t bucket = bucket_of(batch, row, stamps_[i]);
      put(text_, ",\"bucket\":{},\"share\":{}", bucket, share_of(*route, stamp.variant));
    }
    text_ += '}';
  }
  text_ += ']';
}

void InferenceLog::add_prediction(Batch& batch, std::uint32_t row, std::string_view id) {
  const std::uint32_t record = batch.rows().record_of[row];
  auto body = body_->encode(batch, row);
  text_.clear();
  text_ += "{\"id\":";
  config::append_json_string(id, text_);
  // Its number among the rows of the record, where there are several.
  const auto& record_of = batch.rows().record_of;
  const auto first = std::lower_bound(record_of.begin(), record_of.end(), record);
  const auto number = static_cast<std::ptrdiff_t>(row) - (first - record_of.begin());
  if (number > 0 || (row + 1 < record_of.size() && record_of[row + 1] == record))
    put(text_, ",\"row\":{}", number);
  put_models(batch, row, record);
  const BatchTimes& times = batch.times();
  put(text_, ",\"latency_us\":{}", (times.features_ns + times.model_ns) / 1000);
  if (batch.is_fallback(record)) text_ += ",\"fallback\":true";
  if (body && body->size() > 2 && body->size() <= body_bytes_max) {
    text_ += ',';
    text_ += body->substr(1);  // behind its own '{'
  } else {
    text_ += '}';
  }
  add_output(batch, record, text_);
}

void InferenceLog::add_epochs(Batch& batch, std::uint32_t record) {
  const SourceRecord& source = batch.record(record);
  for (std::size_t i = 0; i < batch.stamps().size(); ++i) {
    if (!batch.saw(record, i)) continue;
    const ModelStamp& stamp = batch.stamps()[i];
    Told& told = told_[told_of(source, stamp, stamps_[i])];
    // An offset again: what was told may have been taken back with its transaction.
    const bool again = source.offset.value <= told.last;
    const Described* described = stamps_[i].described;
    const bool completes = !told.routed && described != nullptr;
    if (again || completes || told.version != stamp.version || told.epoch != stamp.epoch)
      add_epoch(batch, record, stamp, described, told);
    told.last = source.offset.value;
  }
}

// Records of one partition come in rows: most find what the one before them found.
std::size_t InferenceLog::told_of(const SourceRecord& source, const ModelStamp& stamp,
                                  Stamp& found) {
  const auto is_it = [&](const Told& t) {
    return t.partition == source.partition.value && t.topic == source.topic &&
           t.model == stamp.model && t.variant == stamp.variant;
  };
  if (found.told < told_.size() && is_it(told_[found.told])) return found.told;
  const auto it = std::find_if(told_.begin(), told_.end(), is_it);
  found.told = static_cast<std::size_t>(it - told_.begin());
  if (it == told_.end())
    told_.push_back({std::string(source.topic), source.partition.value, std::string(stamp.model),
                     std::string(stamp.variant)});
  return found.told;
}

void InferenceLog::add_epoch(Batch& batch, std::uint32_t record, const ModelStamp& stamp,
                             const Described* described, Told& told) {
  told.version = stamp.version;
  told.epoch = stamp.epoch;
  told.routed = described != nullptr;
  const SourceRecord& source = batch.record(record);
  text_ = epochs_begin;
  text_ += "{\"model\":";
  config::append_json_string(stamp.model, text_);
  put(text_, ",\"version\":{},\"variant\":", stamp.version);
  config::append_json_string(stamp.variant, text_);
  put(text_, ",\"epoch\":{},\"topic\":", stamp.epoch);
  config::append_json_string(source.topic, text_);
  put(text_, ",\"partition\":{},\"from\":{}", source.partition.value, source.offset.value);
  if (described != nullptr) text_ += described->json;
  text_ += "}}";
  add_output(batch, record, text_);
}

void InferenceLog::add_output(Batch& batch, std::uint32_t record, std::string_view value) const {
  OutputRecord out;
  out.record = record;
  out.target = target_;
  out.key = batch.record(record).key;
  out.value = batch.arena().copy(value);
  out.timestamp = batch.record(record).timestamp;
  batch.outputs().push_back(out);
}

}  // namespace thalweg::monitor
