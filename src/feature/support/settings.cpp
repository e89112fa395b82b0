// Checks and readers that the steps' `make` functions share.
#include "feature/support/settings.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "feature/support/columns.h"

namespace thalweg::feature {

Error bad_settings(std::string message) {
  return {Code::config_invalid, std::move(message)};
}

Error bad_input(std::string_view expected, const ColumnType& got, std::string_view cure) {
  std::string message = fmt::format("expected {} as input; got {}", expected, got.to_string());
  if (!cure.empty()) message += fmt::format("; {}", cure);
  return bad_settings(std::move(message));
}

Status expect_inputs(const FeatureContext& context, std::size_t count) {
  if (context.inputs.size() == count) return {};
  return bad_settings(fmt::format("expected {} input{}; got {}", count, count == 1 ? "" : "s",
                                  context.inputs.size()));
}

Status expect_number(const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return status;
  if (is_number(context.inputs[0].dtype)) return {};
  return bad_input(
      "numbers", context.inputs[0],
      "try cast: float32 for numbers written as text, vocabulary or hash_buckets for words");
}

Status expect_strings(const FeatureContext& context) {
  if (auto status = expect_inputs(context, 1); !status) return status;
  if (context.inputs[0].dtype == DType::string) return {};
  return bad_input("text", context.inputs[0], "try cast: string before it");
}

Status expect_text(const FeatureContext& context) {
  if (auto status = expect_strings(context); !status) return status;
  if (context.inputs[0].shape.rank() == 0) return {};
  return bad_input("one text per row", context.inputs[0], "try join before it");
}

Status expect_words(const FeatureContext& context) {
  if (auto status = expect_strings(context); !status) return status;
  if (context.inputs[0].shape.rank() == 1) return {};
  return bad_input("a list of words per row", context.inputs[0], "try split before it");
}

Result<std::vector<double>> numbers_of(const Values& settings, std::string_view name) {
  const Node& node = settings.node(name);
  std::vector<double> numbers;
  const auto take = [&](const Node& item) {
    const auto number = item.as_number();
    if (number) numbers.push_back(*number);
    return number.has_value();
  };
  bool fine = !node.is_null() && !node.is_map();
  if (node.is_scalar()) fine = take(node);
  for (const Node& item : node.items()) fine = fine && take(item);
  if (!fine)
    return bad_settings(
        fmt::format("{}: expected a number or a list of numbers; got {}", name, node.shown()));
  return numbers;
}

Result<std::vector<double>> numbers_of(const Values& settings, std::string_view name,
                                       std::size_t width) {
  auto numbers = numbers_of(settings, name);
  if (!numbers) return numbers;
  if (numbers->size() == 1) numbers->resize(width, numbers->front());
  if (numbers->size() == width) return numbers;
  return bad_settings(fmt::format("{}: expected one number, or {} as the input has; got {}", name,
                                  width, numbers->size()));
}

Result<std::string> read_feature_bytes(const std::string& path, const FeatureContext& context) {
  if (context.read_file) return context.read_file(path);
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return bad_settings(fmt::format("expected a readable file; got '{}': {}", path,
                                    std::strerror(errno == 0 ? EIO : errno)));
  }
  return bytes;
}

Result<std::string> file_of(const Values& settings, std::string_view name,
                            const FeatureContext& context) {
  std::string path = settings.string(name);
  // A node that came from a file has its path resolved already; one built in code is relative to the features' folder.
  const Where where = settings.where(name);
  const bool from_code = where.file == nullptr || where.file->empty();
  if (from_code && !path.starts_with('/') && !context.folder.empty())
    path = context.folder + "/" + path;
  return read_feature_bytes(path, context);
}

ColumnType with_dtype(ColumnType type, DType dtype) {
  type.dtype = dtype;
  return type;
}

ColumnType float_like(const ColumnType& input) {
  return with_dtype(input, input.dtype == DType::float64 ? DType::float64 : DType::float32);
}

}  // namespace thalweg::feature
