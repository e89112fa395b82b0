#include "monitor/logged_features.h"

#include <algorithm>
#include <tuple>

#include "config/names.h"
#include "monitor/sampled.h"
#include "monitor/watched_value.h"

namespace thalweg::monitor {
namespace {

constexpr std::size_t plans_max = 16;  // versions that one step remembers
constexpr std::string_view cut_text = ",\"cut\":true";

// Of a prediction: the record and the version.
std::uint64_t whose(std::uint64_t hash_of_id, std::string_view model, std::int64_t version) {
  constexpr std::uint64_t spread = 0x9E3779B97F4A7C15;
  return hash_of_id ^
         (feature::farm_fingerprint64(model) * spread + static_cast<std::uint64_t>(version));
}

// The one that says that this use answered the record.
std::uint32_t stamp_of(const Scored& s, const std::string& variant, std::uint32_t record) {
  const auto stamps = s.batch.stamps();
  for (std::size_t i = stamps.size(); i-- > 0;) {
    const ModelStamp& stamp = stamps[i];
    if (stamp.version == s.version.version && stamp.epoch == s.route.epoch &&
        stamp.variant == variant && stamp.model == s.version.model && s.batch.saw(record, i))
      return static_cast<std::uint32_t>(i);
  }
  return UINT32_MAX;
}

}  // namespace

// What is written of one version's features.
struct LoggedFeatures::Plan {
  std::string model, content;
  std::int64_t version = 0;
  std::vector<Field> made;  // all of its features
  std::vector<std::size_t> features;
  Schema schema;  // of those
  JsonColumns json;
};

struct LoggedFeatures::Step final : ScoreObserver {
  Step(LoggedFeatures& to, std::size_t its_grain) : owner(to), grain(its_grain) {}
  void scored(const Scored& s) noexcept override {
    if (!s.failed && s.feature_schema != nullptr && !s.feature_rows.empty()) owner.take(s, *this);
  }
  LoggedFeatures& owner;
  const std::size_t grain;
  std::vector<std::unique_ptr<Plan>> plans;
};

struct LoggedFeatures::Entry {
  std::uint32_t stamp = 0, record = 0, row = 0;
  std::uint64_t whose = 0;
  std::size_t begin = 0, size = 0;  // in the text; no size: it was too long
  const Step* step = nullptr;
  [[nodiscard]] auto place() const { return std::tuple(stamp, record, row); }
};

struct LoggedFeatures::Kept {
  const Batch* batch = nullptr;  // null: free
  std::string text;
  std::vector<Entry> entries;  // stamps ascend; sorted when they are looked for
  bool sorted = true;
  void clear() noexcept {
    text.clear();
    entries.clear();
    sorted = true;
  }
};

struct LoggedFeatures::Chosen {
  std::uint32_t feature_row = 0;
  std::uint32_t stamp = 0, record = 0, row = 0;
  std::uint64_t whose = 0;
};

LoggedFeatures::LoggedFeatures(LoggedFeaturesOptions options, const Registry& registry)
    : options_(std::move(options)),
      registry_(registry),
      all_(config::is_among(options_.names, all_features)) {}

LoggedFeatures::~LoggedFeatures() = default;

ScoreObserver& LoggedFeatures::step(std::size_t grain) {
  return *steps_.emplace_back(std::make_unique<Step>(*this, grain));
}

bool LoggedFeatures::masked(const Scored& s, std::size_t feature) const {
  if (config::is_among(options_.mask,
                       std::string(feature_prefix) + s.feature_schema->fields[feature].name))
    return true;
  if (s.program == nullptr) return false;
  return std::ranges::any_of(s.program->reads_of(feature), [&](std::size_t field) {
    return config::is_among(options_.mask, s.schema.fields[field].name);
  });
}

std::unique_ptr<LoggedFeatures::Plan> LoggedFeatures::make_plan(const Scored& s) const {
  auto plan = std::make_unique<Plan>();
  plan->model = s.version.model;
  plan->content = s.version.identity();
  plan->version = s.version.version;
  plan->made = s.feature_schema->fields;
  std::vector<JsonColumn> columns;
  for (std::size_t i = 0; i < plan->made.size(); ++i) {
    const Field& field = plan->made[i];
    if (s.features[i] == nullptr || !(all_ || config::is_among(options_.names, field.name)))
      continue;
    columns.push_back({field.name, plan->features.size(), masked(s, i)});
    if (columns.back().masked) continue;
    plan->features.push_back(i);
    plan->schema.fields.push_back(field);
  }
  if (columns.empty()) return plan;
  if (auto json = JsonColumns::make(columns, plan->schema, registry_))
    plan->json = std::move(json).value();
  return plan;
}

const LoggedFeatures::Plan& LoggedFeatures::plan_of(const Scored& s, Step& step) const {
  for (const auto& plan : step.plans) {
    if (plan->version == s.version.version && plan->model == s.version.model &&
        plan->content == s.version.identity() && plan->made == s.feature_schema->fields)
      return *plan;
  }
  if (step.plans.size() == plans_max) step.plans.erase(step.plans.begin());
  return *step.plans.emplace_back(make_plan(s));
}

void LoggedFeatures::choose_rows(const Scored& s) {
  const std::string& variant =
      s.variant != nullptr ? s.variant->name : s.route.variants.front().name;
  const auto& record_of = s.batch.rows().record_of;
  chosen_.clear();
  Chosen now{.record = UINT32_MAX};
  bool wanted = false;
  for (const std::uint32_t at : s.feature_rows) {
    const std::uint32_t row = s.rows[at];
    if (record_of[row] != now.record) {
      now.record = record_of[row];
      write_id(s.batch.record(now.record), id_);
      const std::uint64_t hash = feature::farm_fingerprint64(id_);
      wanted = is_sampled(hash, options_.share);
      if (wanted) now.stamp = stamp_of(s, variant, now.record);
      wanted = wanted && now.stamp != UINT32_MAX;
      if (wanted) now.whose = whose(hash, s.version.model, s.version.version);
    }
    if (!wanted) continue;
    now.feature_row = at;
    now.row = row;
    chosen_.push_back(now);
  }
}

void LoggedFeatures::take(const Scored& s, Step& step) {
  const Plan& plan = plan_of(s, step);
  if (plan.json.empty()) return;
  choose_rows(s);
  if (chosen_.empty()) return;
  const auto first = std::ranges::min_element(chosen_, {}, &Chosen::stamp);
  Kept& kept = kept_for(s.batch, first->stamp);
  scratch_.reset();
  scratch_.add_record({});  // an encoder may look whose row it is
  Rows& rows = scratch_.rows();
  rows.begin(plan.schema);
  rows.record_of.assign(chosen_.size(), 0);
  for (std::size_t i = 0; i < plan.features.size(); ++i) {
    for (const Chosen& c : chosen_)
      rows.columns[i].append_from(*s.features[plan.features[i]], c.feature_row);
  }
  for (std::uint32_t i = 0; i < chosen_.size(); ++i) {
    const Chosen& c = chosen_[i];
    Entry entry{c.stamp, c.record, c.row, c.whose, kept.text.size(), 0, &step};
    if (plan.json.put(scratch_, i, line_bytes_max, kept.text)) {
      entry.size = kept.text.size() - entry.begin;
      if (kept.text.size() > batch_bytes_max) {
        kept.text.resize(entry.begin);
        entry.size = 0;
      }
    }
    kept.entries.push_back(entry);
  }
  kept.sorted = false;
  scratch_.reset();
}

// Stamps come in the order of the steps: one that was there before is of a batch that was given up.
LoggedFeatures::Kept& LoggedFeatures::kept_for(const Batch& batch, std::uint32_t first_stamp) {
  if (Kept* known = find(batch); known != nullptr) {
    const bool again = std::ranges::any_of(
        known->entries, [&](const Entry& entry) { return entry.stamp >= first_stamp; });
    if (again) known->clear();
    return *known;
  }
  const auto free = std::ranges::find_if(kept_, [](const auto& k) { return k->batch == nullptr; });
  Kept& kept = free != kept_.end() ? **free : *kept_.emplace_back(std::make_unique<Kept>());
  kept.batch = &batch;
  return kept;
}

LoggedFeatures::Kept* LoggedFeatures::find(const Batch& batch) noexcept {
  const auto it = std::ranges::find_if(kept_, [&](const auto& k) { return k->batch == &batch; });
  return it == kept_.end() ? nullptr : it->get();
}

void LoggedFeatures::put(const Batch& batch, std::size_t stamp, std::uint32_t row,
                         std::size_t& room, std::string& out) {
  Kept* kept = find(batch);
  if (kept == nullptr) return;
  if (!kept->sorted) std::ranges::sort(kept->entries, {}, &Entry::place);
  kept->sorted = true;
  const std::uint32_t record = batch.rows().record_of[row];
  const auto at = static_cast<std::uint32_t>(stamp);
  auto entry =
      std::ranges::lower_bound(kept->entries, std::tuple(at, record, 0U), {}, &Entry::place);
  if (entry == kept->entries.end() || entry->stamp != at || entry->record != record) return;
  write_id(batch.record(record), id_);
  const ModelStamp& said = batch.stamps()[stamp];
  const std::uint64_t its = whose(feature::farm_fingerprint64(id_), said.model, said.version);
  const bool same_rows = entry->step->grain == grain_;
  const bool list = !same_rows && entry->step->grain != records;
  const std::size_t begin = out.size();
  bool any = false, whole = true;
  out += list ? ",\"features\":[" : ",\"features\":";
  for (; entry != kept->entries.end() && entry->stamp == at && entry->record == record; ++entry) {
    if (entry->whose != its || (same_rows && entry->row != row)) continue;
    whole = whole && entry->size > 0;
    if (any) out += ',';
    any = true;
    out.append(kept->text, entry->begin, entry->size);
  }
  if (list) out += ']';
  if (any && whole && out.size() - begin <= room) {
    room -= out.size() - begin;
    return;
  }
  out.resize(begin);
  if (any) out += cut_text;
}

void LoggedFeatures::forget(const Batch& batch) noexcept {
  Kept* kept = find(batch);
  if (kept == nullptr) return;
  kept->clear();
  kept->batch = nullptr;
}

}  // namespace thalweg::monitor
