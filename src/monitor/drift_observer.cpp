#include "monitor/drift_observer.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "monitor/watched_value.h"

namespace thalweg::monitor {
namespace {

template <class Rows, class Number, class Text>
void each_watched(const WatchedField& field, const Column& column, const Rows& rows,
                  Number&& number, Text&& text) {
  if (field.element == WatchedField::whole) {
    each_value(column, rows, number, text);
  } else {
    each_element(column, field.element, rows, number);
  }
}

template <class Rows>
void look(WatchedField& field, bool counting, const Column& column, const Rows& rows) {
  if (!counting) {
    each_watched(
        field, column, rows, [&](double x) { field.sample.add(x); },
        [&](std::string_view text) { field.sample.add(text); });
  } else if (field.bins) {
    each_watched(
        field, column, rows, [&](double x) { ++field.counts[field.bins->of_number(x)]; },
        [&](std::string_view text) { ++field.counts[field.bins->of_text(text)]; });
  }
}

}  // namespace

void Watch::count_by(const Baseline& baseline) {
  for (WatchedField& field : fields) {
    const FieldBaseline* known = baseline.find(field.name);
    const bool text = field.sample.category();
    // Counts of numbers would look for a number in a text.
    if (known != nullptr && (known->of != FieldBaseline::Of::number) == text) {
      field.bins.emplace(*known);
      field.counts.assign(known->bins(), 0);
    }
    field.sample.let_go();
  }
  rows = 0;
  counting = true;
}

bool Watch::same_version(const Scored& scored) const {
  if (number != scored.version.version || content != scored.version.identity()) return false;
  return scored.feature_schema == nullptr ? features.empty()
                                          : features == scored.feature_schema->fields;
}

bool Watch::watches(const Scored& scored) const {
  return same_version(scored) && schema == &scored.schema && outputs == &scored.output_schema &&
         model == scored.version.model && path == scored.version.path &&
         std::ranges::equal(reads, scored.reads);
}

bool DriftObserver::wanted(const std::string& field) const {
  return options_.fields.empty() ||
         std::find(options_.fields.begin(), options_.fields.end(), field) != options_.fields.end();
}

// A name that is taken already is the field's, since it was there first.
void DriftObserver::add(Watch& watch, WatchedField field, const ColumnType& type) const {
  if (std::ranges::any_of(watch.fields, [&](const auto& f) { return f.name == field.name; }))
    return;
  const bool category = field.element == WatchedField::whole && is_category(type);
  field.sample = FieldSample(field.name, category, static_cast<std::size_t>(options_.first_rows));
  watch.fields.push_back(std::move(field));
}

void DriftObserver::add_features(Watch& watch, const Scored& scored) const {
  for (std::uint32_t i = 0; i < scored.features.size(); ++i) {
    if (scored.features[i] == nullptr) continue;  // a field as it stands is watched as that
    const Field& feature = scored.feature_schema->fields[i];
    const std::string name = std::string(feature_prefix) + feature.name;
    const std::size_t elements = watched_elements(feature.type);
    if (elements == 0 && wanted(name))
      add(watch, {.name = name, .column = i, .what = Watched::feature}, feature.type);
    for (std::size_t at = 0; at < elements; ++at) {
      std::string one = fmt::format("{}[{}]", name, at);
      if (!wanted(name) && !wanted(one)) continue;
      add(watch, {.name = std::move(one), .column = i, .element = at, .what = Watched::feature},
          feature.type);
    }
  }
}

Watch& DriftObserver::watch_of(const Scored& scored) {
  for (const auto& watch : watches_) {
    if (watch->version == &scored.version && watch->schema == &scored.schema &&
        watch->outputs == &scored.output_schema && watch->same_version(scored))
      return *watch;
  }
  // Versions that are swapped for weeks would leave a watch each time.
  for (const auto& watch : watches_) {
    if (!watch->watches(scored)) continue;
    watch->version = &scored.version;
    return *watch;
  }
  auto watch = std::make_unique<Watch>();
  watch->version = &scored.version;
  watch->schema = &scored.schema;
  watch->outputs = &scored.output_schema;
  watch->model = scored.version.model;
  watch->number = scored.version.version;
  watch->content = scored.version.identity();
  watch->path = scored.version.path;
  watch->reads.assign(scored.reads.begin(), scored.reads.end());
  if (scored.feature_schema != nullptr) watch->features = scored.feature_schema->fields;
  for (const std::uint32_t column : scored.reads) {
    const Field& field = scored.schema.fields[column];
    if (wanted(field.name)) add(*watch, {.name = field.name, .column = column}, field.type);
  }
  for (std::uint32_t i = 0; i < scored.output_schema.fields.size(); ++i) {
    const Field& field = scored.output_schema.fields[i];
    if (wanted(field.name))
      add(*watch, {.name = field.name, .column = i, .what = Watched::output}, field.type);
  }
  if (options_.features) add_features(*watch, scored);
  return *watches_.emplace_back(std::move(watch));
}

void DriftObserver::scored(const Scored& scored) noexcept {
  if (scored.failed) return;
  const std::lock_guard lock(mutex_);
  Watch& watch = watch_of(scored);
  const auto answers = std::views::iota(0U, static_cast<std::uint32_t>(scored.answered.size()));
  for (WatchedField& field : watch.fields) {
    switch (field.what) {
      case Watched::field:
        look(field, watch.counting, scored.columns[field.column], scored.rows);
        break;
      case Watched::feature:
        look(field, watch.counting, *scored.features[field.column], scored.feature_rows);
        break;
      case Watched::output: look(field, watch.counting, scored.outputs[field.column], answers);
    }
  }
  watch.rows += scored.rows.size();
  watch.asked = true;
}

}  // namespace thalweg::monitor
