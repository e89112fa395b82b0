// explode: its settings, and the columns that come out.
#include <algorithm>

#include <fmt/format.h>

#include "config/names.h"
#include "config/reserved_names.h"
#include "process/explode.h"

namespace thalweg {
namespace {

// One element of a list as a row: {-1} gives a scalar, {-1, 4} a vector of 4.
ColumnType element_type(const ColumnType& list) {
  return {list.dtype, Shape{{list.shape.dims.begin() + 1, list.shape.dims.end()}}};
}

struct Plan {
  Schema schema;
  std::vector<Explode::Source> sources;
};

Status check_lists(const Values& values, const Schema& input, const std::string& who) {
  const std::vector<std::string> known = input.names();
  for (const char* key : {"fields", "keep"}) {
    for (const std::string& name : values.strings(key)) {
      const auto column = input.find(name);
      if (!column) {
        return config_error(values.where(key),
                            fmt::format("{}: {}: there is no field '{}' here; there is {}.{}", who,
                                        key, name, quoted_list(known), did_you_mean(name, known)));
      }
      const ColumnType& type = input.fields[*column].type;
      if (std::string_view(key) == "fields" && !type.ragged()) {
        return config_error(
            values.where(key),
            fmt::format("{}: a list of free length was expected; '{}' is {}; declare it "
                        "as {}[]",
                        who, name, type.to_string(), to_string(type.dtype)));
      }
    }
  }
  if (values.strings("fields").empty()) {
    return config_error(values.where(),
                        fmt::format("{}: fields: at least one list was expected", who));
  }
  return {};
}

Result<Plan> make_plan(const Values& values, const Schema& input, const std::string& who) {
  if (Status status = check_lists(values, input, who); !status.ok())
    return std::move(status).error();
  const auto lists = values.strings("fields");
  const auto kept = values.strings("keep");
  auto renames = values.map("as");
  Plan plan;
  for (std::size_t c = 0; c < input.fields.size(); ++c) {
    Field field = input.fields[c];
    const bool exploded = config::is_among(lists, field.name);
    if (!exploded && values.given("keep") && !config::is_among(kept, field.name)) continue;
    if (exploded) field.type = element_type(field.type);
    const auto rename = std::find_if(renames.begin(), renames.end(),
                                     [&](const auto& entry) { return entry.first == field.name; });
    if (rename != renames.end()) {
      if (!exploded) {
        return config_error(
            values.where("as"),
            fmt::format("{}: as: a field to explode was expected; got '{}'; fields is {}", who,
                        field.name, quoted_list(lists)));
      }
      field.name = rename->second;
      if (auto refusal = refusal_of_reserved(field.name); !refusal.empty()) {
        return config_error(values.where("as"), fmt::format("{}: as: {}", who, refusal));
      }
      renames.erase(rename);
    }
    if (plan.schema.find(field.name)) {
      return config_error(values.where("as"),
                          fmt::format("{}: as: a new name was expected; there is a "
                                      "field '{}' already",
                                      who, field.name));
    }
    plan.schema.fields.push_back(std::move(field));
    plan.sources.push_back({c, exploded});
  }
  if (!renames.empty()) {
    return config_error(
        values.where("as"),
        fmt::format("{}: as: one of the fields was expected; got '{}'; fields is {}.{}", who,
                    renames.front().first, quoted_list(lists),
                    did_you_mean(renames.front().first, lists)));
  }
  return plan;
}

OnEmpty on_empty_from(const std::string& word) {
  if (word == "drop") return OnEmpty::drop;
  return word == "forward" ? OnEmpty::forward : OnEmpty::dead;
}

const Section& explode_section() {
  using T = SettingType;
  static const Section section{
      .name = "explode",
      .doc = "Makes one row per element of a list; collect or top_k makes lists again.",
      .settings =
          {{.name = "fields",
            .type = T::strings,
            .example = "[ids, prices]",
            .required = true,
            .doc = "The lists to take apart; several must have the same length in each record."},
           {.name = "as",
            .type = T::map,
            .example = "{ids: id}",
            .doc = "New names for the elements, by the name of their list."},
           {.name = "keep",
            .type = T::strings,
            .example = "[user]",
            .doc = "The other fields to repeat on each row; all, unless set."},
           {.name = "on_empty",
            .type = T::string,
            .fallback = "dead",
            .choices = {"dead", "drop", "forward"},
            .doc = "What becomes of a record whose list is empty: a dead letter, nothing, or it "
                   "goes on "
                   "without rows."}},
      .shorthand = "fields"};
  return section;
}

}  // namespace

void register_explode(Registry& registry) {
  registry.add(OperatorKind{.name = "explode",
                            .doc = explode_section().doc,
                            .section = &explode_section(),
                            .make = [](const Values& values, const OperatorContext& context)
                                -> Result<std::unique_ptr<Operator>> {
                              auto plan = make_plan(values, *context.input, context.where);
                              if (!plan) return std::move(plan).error();
                              return std::unique_ptr<Operator>(std::make_unique<Explode>(
                                  *context.input, std::move(plan->schema), std::move(plan->sources),
                                  on_empty_from(values.string("on_empty"))));
                            }});
}

}  // namespace thalweg
