// explode: taking lists apart into finer rows.
#include "process/explode.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace thalweg {
namespace {

// One element of a list as a row: {-1} gives a scalar, {-1, 4} a vector of 4.
ColumnType element_type(const ColumnType& list) {
  return {list.dtype, Shape{{list.shape.dims.begin() + 1, list.shape.dims.end()}}};
}

void append_elements(const Column& from, std::uint32_t row, std::size_t length, Column& to) {
  const auto [begin, end] = from.extent(row);
  if (from.type().dtype == DType::string) {
    const std::size_t width = to.type().width();
    for (std::size_t e = begin; e < end; ++e) {
      to.push_string(from.strings()[e]);
      if ((e - begin) % width + 1 == width) to.end_row();
    }
    return;
  }
  const std::size_t size = size_of(from.type().dtype);
  std::byte* place = to.append_raw_rows(length);
  if (end > begin) {
    std::memcpy(place, static_cast<const std::byte*>(from.raw()) + begin * size,
                (end - begin) * size);
  }
}

}  // namespace

Explode::Explode(const Schema& input, Schema schema, std::vector<Source> sources, OnEmpty on_empty)
    : schema_(std::move(schema)), sources_(std::move(sources)), on_empty_(on_empty) {
  for (const Source& source : sources_) {
    if (source.exploded) lists_.push_back(input.fields[source.column].name);
  }
}

Progress Explode::process(Batch& batch, const Resume&) {
  Rows finer = batch.fresh_rows(schema_);
  const Rows& rows = batch.rows();
  for (std::size_t i = 0; i < rows.live_count(); ++i) {
    const std::uint32_t row = rows.live(i);
    const std::uint32_t record = rows.record_of[row];
    if (batch.disposition(record) != Disposition::pending) continue;
    auto length = length_of(rows, row);
    if (!length) {
      batch.fail(record, std::move(length).error().in_stage("explode"));
    } else if (*length > 0) {
      take_apart(rows, row, *length, finer);
    } else if (on_empty_ == OnEmpty::dead) {
      batch.fail(record, no_elements());
    }
  }
  if (on_empty_ == OnEmpty::drop) drop_empty(batch, finer);
  batch.push_rows(std::move(finer));
  batch.sweep();
  return Progress::done;
}

Result<std::size_t> Explode::length_of(const Rows& rows, std::uint32_t row) const {
  std::size_t length = 0;
  std::size_t seen = 0;
  for (const Source& source : sources_) {
    if (!source.exploded) continue;
    const Column& column = rows.columns[source.column];
    const auto [begin, end] = column.extent(row);
    const std::size_t own = (end - begin) / column.type().width();
    if (seen > 0 && own != length) {
      return Error(
          Code::wrong_length,
          fmt::format("explode: lists of one length were expected; got {} in '{}' and {} in "
                      "'{}'; every candidate needs all its fields",
                      length, lists_.front(), own, lists_[seen]));
    }
    length = own;
    ++seen;
  }
  return length;
}

void Explode::take_apart(const Rows& rows, std::uint32_t row, std::size_t length,
                         Rows& finer) const {
  for (std::size_t c = 0; c < sources_.size(); ++c) {
    const Column& from = rows.columns[sources_[c].column];
    Column& to = finer.columns[c];
    if (sources_[c].exploded) {
      append_elements(from, row, length, to);
    } else {
      for (std::size_t i = 0; i < length; ++i) to.append_from(from, row);
    }
  }
  finer.record_of.insert(finer.record_of.end(), length, rows.record_of[row]);
  finer.parent_of.insert(finer.parent_of.end(), length, row);
}

Error Explode::no_elements() const {
  return Error(Code::no_rows,
               fmt::format(
                   "explode: at least one element was expected in '{}'; got an empty list; set "
                   "on_empty to drop or forward if that is meant",
                   lists_.front()))
      .in_stage("explode");
}

// A record may own several rows here (explode after explode): it goes only if none of them has an element.
void Explode::drop_empty(Batch& batch, const Rows& finer) {
  const Rows& rows = batch.rows();
  std::size_t f = 0;
  for (std::size_t i = 0; i < rows.live_count(); ++i) {
    const std::uint32_t record = rows.record_of[rows.live(i)];
    while (f < finer.count() && finer.record_of[f] < record) ++f;
    if (f == finer.count() || finer.record_of[f] != record) {
      batch.dispose(record, Disposition::filtered);
    }
  }
}

std::string Explode::describe() const {
  return fmt::format("{}", fmt::join(lists_, ", "));
}

namespace {

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

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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
    const bool exploded = contains(lists, field.name);
    if (!exploded && values.given("keep") && !contains(kept, field.name)) continue;
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
