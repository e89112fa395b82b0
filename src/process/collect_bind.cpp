// collect and top_k: their settings, and the columns that come out.
#include <fmt/format.h>

#include "process/collect.h"

namespace thalweg {
namespace {

struct Binder {
  const Values& values;
  const Schema& finer;
  const Schema& coarser;
  const std::string& who;

  Schema schema{};
  std::vector<Collect::List> lists{};

  [[nodiscard]] Error error(const char* key, std::string message) const {
    return config_error(values.where(key), who + ": " + std::move(message));
  }

  [[nodiscard]] Result<std::size_t> column(const char* key, const std::string& name) const {
    if (const auto found = finer.find(name)) return *found;
    const auto known = finer.names();
    return error(key, fmt::format("{}: there is no field '{}' here; there is {}.{}", key, name,
                                  quoted_list(known), did_you_mean(name, known)));
  }

  [[nodiscard]] Status add_list(std::size_t from, std::string name) {
    const Field& field = finer.fields[from];
    if (field.type.ragged()) {
      return error("fields",
                   fmt::format("fields: one element a row was expected; '{}' is {}: a list of "
                               "lists has no column type",
                               field.name, field.type.to_string()));
    }
    ColumnType type = field.type;
    type.shape.dims.insert(type.shape.dims.begin(), Shape::unknown);
    for (const Collect::List& list : lists) {
      if (schema.fields[list.to].name == name) {
        return error("as",
                     fmt::format("as: two lists are called '{}'; give one another name", name));
      }
    }
    auto to = schema.find(name);
    if (!to) {
      to = schema.fields.size();
      schema.fields.push_back({std::move(name), {}});
    }
    schema.fields[*to].type = std::move(type);
    lists.push_back({from, *to});
    return {};
  }

  [[nodiscard]] Status bind_lists() {
    schema = coarser;
    auto renames = values.map("as");
    for (const std::string& name : values.strings("fields")) {
      auto from = column("fields", name);
      if (!from) return std::move(from).error();
      std::string to = name;
      std::erase_if(renames, [&](const auto& entry) {
        if (entry.first == name) to = entry.second;
        return entry.first == name;
      });
      if (Status status = add_list(*from, std::move(to)); !status.ok()) return status;
    }
    if (!renames.empty()) {
      const auto known = values.strings("fields");
      return error("as",
                   fmt::format("as: one of the fields was expected; got '{}'; fields is {}.{}",
                               renames.front().first, quoted_list(known),
                               did_you_mean(renames.front().first, known)));
    }
    // New columns are added in this order, so a list that takes the place of another column does not disturb it.
    return {};
  }

  [[nodiscard]] Result<RowOrder> bind_order() const {
    auto by = column("by", values.string("by"));
    if (!by) return std::move(by).error();
    const ColumnType& type = finer.fields[*by].type;
    if (type.dtype == DType::string || !type.shape.dims.empty()) {
      return error("by", fmt::format("by: one number a row was expected; '{}' is {}",
                                     finer.fields[*by].name, type.to_string()));
    }
    return RowOrder{.by = *by,
                    .descending = values.string("order") == "descending",
                    .k = static_cast<std::size_t>(values.integer("k"))};
  }
};

Result<std::unique_ptr<Operator>> make(const Values& values, const OperatorContext& context,
                                       bool ordered) {
  if (context.coarser == nullptr) {
    return config_error(values.where(), context.where +
                                            ": an explode was expected before it; there is "
                                            "none that was not collected already");
  }
  Binder binder{values, *context.input, *context.coarser, context.where};
  if (Status status = binder.bind_lists(); !status.ok()) return std::move(status).error();
  std::optional<RowOrder> order;
  std::string text = fmt::format("{}", fmt::join(values.strings("fields"), ", "));
  if (ordered) {
    auto bound = binder.bind_order();
    if (!bound) return std::move(bound).error();
    order = *bound;
    text = fmt::format("{} best by {}: {}", order->k, values.string("by"), text);
  }
  return std::unique_ptr<Operator>(std::make_unique<Collect>(
      std::move(binder.schema), std::move(binder.lists), order, std::move(text)));
}

Section list_section(const char* name, const char* doc) {
  using T = SettingType;
  return Section{.name = name,
                 .doc = doc,
                 .settings = {{.name = "fields",
                               .type = T::strings,
                               .example = "[item, score]",
                               .required = true,
                               .doc = "The fields to make lists of."},
                              {.name = "as",
                               .type = T::map,
                               .example = "{item: items}",
                               .doc = "New names for the lists, by the name of their field."}}};
}

}  // namespace

void register_collect(Registry& registry) {
  static const Section section = [] {
    Section s = list_section("collect",
                             "Makes one row per record again, with lists of what its rows hold.");
    s.shorthand = "fields";
    return s;
  }();
  registry.add(OperatorKind{.name = "collect",
                            .doc = section.doc,
                            .section = &section,
                            .make = [](const Values& values, const OperatorContext& context) {
                              return make(values, context, false);
                            }});
}

void register_top_k(Registry& registry) {
  using T = SettingType;
  static const Section section = [] {
    Section s =
        list_section("top_k", "Makes one row per record again, with lists of its best rows.");
    s.settings.push_back(
        {.name = "by",
         .type = T::string,
         .example = "score",
         .required = true,
         .doc = "The number to order by; equal ones keep their order, NaN comes last."});
    s.settings.push_back({.name = "k",
                          .type = T::integer,
                          .unit = "rows",
                          .min = 1,
                          .example = "10",
                          .required = true,
                          .doc = "How many rows of a record are kept."});
    s.settings.push_back({.name = "order",
                          .type = T::string,
                          .fallback = "descending",
                          .choices = {"descending", "ascending"},
                          .doc = "Is the greatest number the best, or the smallest?"});
    return s;
  }();
  registry.add(OperatorKind{.name = "top_k",
                            .doc = section.doc,
                            .section = &section,
                            .make = [](const Values& values, const OperatorContext& context) {
                              return make(values, context, true);
                            }});
}

}  // namespace thalweg
