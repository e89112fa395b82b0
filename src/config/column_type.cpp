// The grammar of column_type.h: a dtype, then perhaps dimensions in brackets.
#include "config/column_type.h"

#include <charconv>
#include <string>

#include "thalweg/settings.h"

namespace thalweg {
namespace {

constexpr std::int64_t dimension_max = std::int64_t{1} << 31;

std::string_view trimmed(std::string_view s) {
  const auto begin = s.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return s.substr(begin, s.find_last_not_of(' ') - begin + 1);
}

Error bad_type(std::string_view text, const std::string& expected) {
  return {Code::config_invalid,
          "expected " + expected +
              ", as in 'float32', 'string', 'float32[784]' or 'int64[]'; got '" +
              std::string(text) + "'"};
}

Error unknown_dtype(std::string_view text, std::string_view name) {
  const std::vector<std::string> known = {"float32", "float64", "int32", "int64",
                                          "uint8",   "bool",    "string"};
  std::string hint = did_you_mean(name, known);
  // The names people bring along from other systems are too short for the nearest one to be sure.
  if (name == "float") hint = " Did you mean 'float32'?";
  if (name == "double") hint = " Did you mean 'float64'?";
  if (name == "int") hint = " Did you mean 'int32' or 'int64'?";
  if (name == "long") hint = " Did you mean 'int64'?";
  if (name == "str" || name == "text") hint = " Did you mean 'string'?";
  return {Code::config_invalid,
          "expected a type (" + quoted_list(known) + "); got '" + std::string(text) + "'." + hint};
}

// One dimension: a positive number, or (first place only) `?` or nothing. 0 when it is neither.
std::int64_t parse_dimension(std::string_view text, bool first) {
  if (text.empty() || text == "?") return first ? Shape::unknown : 0;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return 0;
  return value > 0 && value < dimension_max ? value : 0;
}

}  // namespace

Result<ColumnType> parse_column_type(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const auto bracket = whole.find('[');
  const std::string_view name = trimmed(whole.substr(0, bracket));
  const auto dtype = dtype_from(name);
  if (!dtype) return unknown_dtype(text, name);

  ColumnType type{.dtype = *dtype, .shape = {}};
  if (bracket == std::string_view::npos) return type;
  if (whole.back() != ']') return bad_type(text, "']' at the end of the type");

  std::string_view rest = whole.substr(bracket + 1, whole.size() - bracket - 2);
  for (bool more = true; more;) {
    const auto comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::int64_t dim =
        parse_dimension(trimmed(rest.substr(0, comma)), type.shape.dims.empty());
    if (dim == 0) {
      return bad_type(text, "lengths above 0 in the brackets (only the first may be left open)");
    }
    type.shape.dims.push_back(dim);
    if (more) rest.remove_prefix(comma + 1);
  }
  return type;
}

}  // namespace thalweg
