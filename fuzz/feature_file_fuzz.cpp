// Any bytes as the features.yaml that comes with a model: it is refused, or its program runs on records of its own inputs.
//
// Texts that could name a file outside of the folder are only read, not bound: binding opens what they name.
#include "feature/program.h"
#include "fuzz/input.h"

namespace {

using namespace thalweg;
using fuzz::require;

// A type may be as large as memory: rows of it are not made here.
bool is_small(const Schema& schema) {
  for (const Field& field : schema.fields) {
    double elements = 1;
    for (const std::int64_t dim : field.type.shape.dims)
      elements *= static_cast<double>(std::max<std::int64_t>(dim, 1));
    if (elements > 1e5) return false;
  }
  return true;
}

std::vector<Column> rows_of(const Schema& schema, std::string_view text) {
  std::vector<Column> columns;
  for (const Field& field : schema.fields) {
    Column& column = columns.emplace_back(field.type);
    column.append_zero_row();
    if (field.type.dtype == DType::string && field.type.shape.rank() == 0) {
      column.push_string(text);
      column.end_row();
    } else {
      column.append_zero_row();
    }
  }
  return columns;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder("features");
  static const Registry& registry = []() -> const Registry& {
    static Registry made;
    register_feature_steps(made);
    return made;
  }();
  const std::string_view text = fuzz::text_of(data, size);
  const auto file = read_feature_file(folder.write("features.yaml", text));
  if (!file) {
    require(file.error().message().find("features.yaml") != std::string::npos);
    return 0;
  }
  if (text.find_first_of("/\\") != std::string_view::npos || !is_small(file->inputs)) return 0;
  const auto program = FeatureProgram::bind(file->features, file->inputs, file->folder, registry);
  if (!program) {
    require(!program.error().message().empty());
    return 0;
  }
  if (!is_small((*program)->outputs())) return 0;
  FeatureFrame frame;
  Arena arena;
  frame.scratch.arena = &arena;
  const auto columns = rows_of(file->inputs, "Forest fire near La Ronge \xf0\x9f\x94\xa5");
  const auto out = (*program)->run(columns, 2, frame);
  require(out.size() == (*program)->outputs().fields.size());
  for (const Column* column : out) require(column->rows() == 2);
  return 0;
}
