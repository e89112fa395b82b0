#include "monitor/baseline.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <simdjson.h>

#include "config/json_text.h"
#include "model/manifest.h"

namespace thalweg::monitor {
namespace {

using simdjson::dom::element;

template <class T, class Write>
void put_list(std::string& out, const char* name, const std::vector<T>& items, Write write) {
  out += fmt::format(",\"{}\":[", name);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    write(items[i]);
  }
  out += ']';
}

void put_field(std::string& out, const FieldBaseline& field) {
  const auto text = [&](const std::string& s) { config::append_json_string(s, out); };
  const auto number = [&](auto n) { out += fmt::format("{}", n); };
  text(field.field);
  out += fmt::format(":{{\"of\":\"{}\"", to_string(field.of));
  if (field.of == FieldBaseline::Of::category) {
    put_list(out, "top", field.top, text);
    put_list(out, "others", field.others, text);
  } else {
    out += fmt::format(",\"low\":{},\"high\":{}", field.low, field.high);
    put_list(out, "cuts", field.cuts, number);
  }
  put_list(out, "counts", field.counts, number);
  out += '}';
}

bool get(const element& from, const char* name, double& out) {
  return from[name].get(out) == simdjson::SUCCESS;
}

template <class Get, class T>
bool get_list(const element& from, const char* name, std::vector<T>& out) {
  simdjson::dom::array items;
  if (from[name].get(items) != simdjson::SUCCESS) return false;
  for (const element item : items) {
    Get value;
    if (item.get(value) != simdjson::SUCCESS) return false;
    out.emplace_back(value);
  }
  return true;
}

bool read_field(const element& from, FieldBaseline& out) {
  std::string_view of;
  if (from["of"].get(of) != simdjson::SUCCESS) return false;
  bool good = get_list<std::uint64_t>(from, "counts", out.counts);
  if (of == "category") {
    out.of = FieldBaseline::Of::category;
    good = good && get_list<std::string_view>(from, "top", out.top) &&
           get_list<std::string_view>(from, "others", out.others);
  } else if (of == "number" || of == "length") {
    out.of = of == "number" ? FieldBaseline::Of::number : FieldBaseline::Of::length;
    good = good && get(from, "low", out.low) && get(from, "high", out.high) &&
           get_list<double>(from, "cuts", out.cuts) &&
           std::is_sorted(out.cuts.begin(), out.cuts.end());
  } else {
    return false;
  }
  return good && out.counts.size() == out.bins() && out.bins() <= bins_max;
}

Error not_one(const std::string& name, const std::string& what) {
  return {Code::config_invalid,
          fmt::format("baseline {}: statistics of fields were expected, as `thalweg model "
                      "baseline` writes them; {}; make it anew from the training rows",
                      name, what)};
}

}  // namespace

std::string_view to_string(FieldBaseline::Of of) noexcept {
  switch (of) {
    case FieldBaseline::Of::category: return "category";
    case FieldBaseline::Of::length: return "length";
    default: return "number";
  }
}

std::size_t FieldBaseline::bins() const noexcept {
  return of == Of::category ? 3 + top.size() : 3 + cuts.size();
}

const FieldBaseline* Baseline::find(std::string_view field) const noexcept {
  const auto it = std::find_if(fields.begin(), fields.end(),
                               [&](const FieldBaseline& f) { return f.field == field; });
  return it == fields.end() ? nullptr : &*it;
}

std::string to_json(const Baseline& baseline) {
  std::string out = fmt::format("{{\"baseline\":1,\"rows\":{},\"fields\":{{", baseline.rows);
  for (std::size_t i = 0; i < baseline.fields.size(); ++i) {
    out += i > 0 ? ",\n" : "\n";
    put_field(out, baseline.fields[i]);
  }
  return out + "}}\n";
}

Result<Baseline> parse_baseline(std::string_view json, const std::string& name) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS)
    return not_one(name, "it is not JSON");
  Baseline out;
  std::uint64_t kind = 0;
  simdjson::dom::object fields;
  if (root["baseline"].get(kind) != simdjson::SUCCESS || kind != 1)
    return not_one(name, "it does not say \"baseline\":1");
  if (root["rows"].get(out.rows) != simdjson::SUCCESS ||
      root["fields"].get(fields) != simdjson::SUCCESS)
    return not_one(name, "'rows' or 'fields' is missing");
  for (const auto [key, value] : fields) {
    FieldBaseline& field = out.fields.emplace_back();
    field.field = key;
    if (!read_field(value, field))
      return not_one(name, fmt::format("field '{}' is incomplete", key));
  }
  return out;
}

Result<Baseline> read_baseline(const std::string& version_path) {
  auto manifest = read_manifest(version_path);
  const bool named = manifest && *manifest != nullptr && !(*manifest)->baseline.empty();
  const auto path =
      std::filesystem::path(version_path) / (named ? (*manifest)->baseline.c_str() : baseline_file);
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error(Code::model_missing,
                 fmt::format("baseline: {} was expected; it is not there", path.string()));
  std::ostringstream text;
  text << file.rdbuf();
  return parse_baseline(text.str(), path.string());
}

}  // namespace thalweg::monitor
