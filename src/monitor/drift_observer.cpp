#include "monitor/drift_observer.h"

#include <algorithm>
#include <ranges>

#include "monitor/watched_value.h"

namespace thalweg::monitor {
namespace {

template <class Rows>
void look(WatchedField& field, bool counting, const Column& column, const Rows& rows) {
  if (!counting) {
    each_value(
        column, rows, [&](double x) { field.sample.add(x); },
        [&](std::string_view text) { field.sample.add(text); });
  } else if (field.bins) {
    each_value(
        column, rows, [&](double x) { ++field.counts[field.bins->of_number(x)]; },
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

bool Watch::watches(const Scored& scored) const {
  return number == scored.version.version && schema == &scored.schema &&
         outputs == &scored.output_schema && model == scored.version.model &&
         path == scored.version.path && std::ranges::equal(reads, scored.reads);
}

bool DriftObserver::wanted(const std::string& field) const {
  return options_.fields.empty() ||
         std::find(options_.fields.begin(), options_.fields.end(), field) != options_.fields.end();
}

void DriftObserver::add_field(Watch& watch, const Field& field, std::uint32_t column,
                              bool output) const {
  if (!wanted(field.name)) return;
  watch.fields.push_back({.name = field.name,
                          .column = column,
                          .output = output,
                          .sample = FieldSample(field.name, is_category(field.type),
                                                static_cast<std::size_t>(options_.first_rows)),
                          .bins = std::nullopt,
                          .counts = {}});
}

Watch& DriftObserver::watch_of(const Scored& scored) {
  for (const auto& watch : watches_) {
    if (watch->version == &scored.version && watch->number == scored.version.version &&
        watch->schema == &scored.schema && watch->outputs == &scored.output_schema)
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
  watch->path = scored.version.path;
  watch->reads.assign(scored.reads.begin(), scored.reads.end());
  for (const std::uint32_t column : scored.reads)
    add_field(*watch, scored.schema.fields[column], column, false);
  for (std::uint32_t i = 0; i < scored.output_schema.fields.size(); ++i)
    add_field(*watch, scored.output_schema.fields[i], i, true);
  return *watches_.emplace_back(std::move(watch));
}

void DriftObserver::scored(const Scored& scored) noexcept {
  if (scored.failed) return;
  const std::lock_guard lock(mutex_);
  Watch& watch = watch_of(scored);
  const auto answers = std::views::iota(0U, static_cast<std::uint32_t>(scored.answered.size()));
  for (WatchedField& field : watch.fields) {
    if (field.output) {
      look(field, watch.counting, scored.outputs[field.column], answers);
    } else {
      look(field, watch.counting, scored.columns[field.column], scored.rows);
    }
  }
  watch.rows += scored.rows.size();
  watch.asked = true;
}

}  // namespace thalweg::monitor
