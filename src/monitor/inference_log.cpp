#include "monitor/inference_log.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "config/json_text.h"
#include "config/names.h"
#include "model/manifest.h"
#include "monitor/sampled.h"
#include "monitor/watched_value.h"

namespace thalweg::monitor {
namespace {

constexpr std::string_view epochs_begin = "{\"epochs\":";
constexpr std::size_t left_out_max = 10'000;
// Longer fields or outputs are left out: what a broker refuses would take the line with it.
constexpr std::size_t object_bytes_max = 256 * 1024;

Error no_such_name(const InferenceLogOptions& options, const char* setting, const std::string& name,
                   const std::vector<std::string>& known) {
  const bool feature = name.starts_with(feature_prefix);
  return config_error(
      options.where,
      fmt::format("inference_log: {}: a field was expected; got '{}'; there is {}.{}{}", setting,
                  name, quoted_list(known), did_you_mean(name, known),
                  feature ? " What feature steps make is chosen by `features`." : ""));
}

// A mask that is misspelt would show what it should hide.
Status check_names(const InferenceLogOptions& options, const Schema& last) {
  for (const std::string& name : options.fields) {
    if (!last.find(name)) return no_such_name(options, "fields", name, last.names());
  }
  for (const std::string& name : options.mask) {
    const bool feature = name.starts_with(feature_prefix) &&
                         (config::is_among(options.features, all_features) ||
                          config::is_among(options.features, name.substr(feature_prefix.size())));
    if (feature || last.find(name) || config::is_among(options.maskable, name)) continue;
    std::vector<std::string> known = last.names();
    for (const std::string& one : options.features)
      if (one != all_features) known.push_back(std::string(feature_prefix) + one);
    known.insert(known.end(), options.maskable.begin(), options.maskable.end());
    config::sort_each_once(known);
    return no_such_name(options, "mask", name, known);
  }
  return {};
}

std::vector<JsonColumn> fields_of(const InferenceLogOptions& options, const Schema& last) {
  std::vector<JsonColumn> fields;
  for (const std::string& name : options.fields)
    fields.push_back({name, *last.find(name), config::is_among(options.mask, name)});
  return fields;
}

// All that steps added: also a field under another name, which `mask` may name too.
std::vector<JsonColumn> outputs_of(const InferenceLogOptions& options, const Schema& decoded,
                                   const Schema& last) {
  std::vector<JsonColumn> outputs;
  for (std::size_t i = 0; i < last.fields.size(); ++i) {
    const std::string& name = last.fields[i].name;
    if (!decoded.find(name)) outputs.push_back({name, i, config::is_among(options.mask, name)});
  }
  return outputs;
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
  if (Status names = check_names(options, last); !names.ok()) return std::move(names).error();
  auto fields = JsonColumns::make(fields_of(options, last), last, registry);
  if (!fields) return std::move(fields).error();
  auto outputs = JsonColumns::make(outputs_of(options, decoded, last), last, registry);
  if (!outputs) return std::move(outputs).error();
  std::unique_ptr<InferenceLog> log(new InferenceLog(std::move(options), last, models));
  log->fields_ = std::move(fields).value();
  log->outputs_ = std::move(outputs).value();
  return log;
}

void InferenceLog::append(Batch& batch) {
  append_lines(batch);
  if (features_ != nullptr) features_->forget(batch);
}

void InferenceLog::append_lines(Batch& batch) {
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
      sampled = is_sampled(id_of(batch.record(record)), options_.share);
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
  write_id(record, id_);
  return id_;
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
  std::size_t room = LoggedFeatures::line_bytes_max;
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
    if (features_ != nullptr) features_->put(batch, i, row, room, text_);
    text_ += '}';
  }
  text_ += ']';
}

bool InferenceLog::put_object(Batch& batch, std::uint32_t row, std::string_view name,
                              const JsonColumns& columns) {
  const std::size_t begin = text_.size();
  put(text_, ",\"{}\":", name);
  if (columns.put(batch, row, object_bytes_max, text_)) return true;
  text_.resize(begin);
  return false;
}

void InferenceLog::add_prediction(Batch& batch, std::uint32_t row, std::string_view id) {
  const std::uint32_t record = batch.rows().record_of[row];
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
  bool whole = fields_.empty() || put_object(batch, row, "features", fields_);
  whole = put_object(batch, row, "outputs", outputs_) && whole;
  text_ += whole ? "}" : ",\"cut\":true}";
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
