// filter: a condition and Batch::select.
#include "process/filter.h"

namespace thalweg {
namespace {

Section filter_section() {
  Section section = condition_section();
  section.name = "filter";
  section.doc = "Keeps the rows for which the condition holds.";
  return section;
}

// The condition as it was written: the section has checked it, its own binder reads it.
Node written(const Values& values, const Section& section) {
  std::vector<std::pair<std::string, Node>> entries;
  for (const Setting& setting : section.settings) {
    if (values.given(setting.name)) entries.emplace_back(setting.name, values.node(setting.name));
  }
  return Node::map(std::move(entries), values.where());
}

}  // namespace

Progress Filter::process(Batch& batch, const Resume&) {
  condition_.select(batch.rows(), passing_);
  batch.select(std::move(passing_));
  return Progress::done;
}

void register_filter(Registry& registry) {
  static const Section section = filter_section();
  registry.add(OperatorKind{
      .name = "filter",
      .doc = section.doc,
      .section = &section,
      .make = [](const Values& values,
                 const OperatorContext& context) -> Result<std::unique_ptr<Operator>> {
        auto condition = Condition::bind(written(values, section), *context.input, context.where);
        if (!condition) return std::move(condition).error();
        return std::unique_ptr<Operator>(
            std::make_unique<Filter>(*context.input, std::move(condition).value()));
      }});
}

}  // namespace thalweg
