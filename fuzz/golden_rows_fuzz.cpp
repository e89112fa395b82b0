// Any bytes as the golden rows of a model's version: refused with the line's number, or as many rows as there are lines with something in them.
// What a row holds is what the model gets: the model here answers with its inputs, so a row that asks for other numbers is never reproduced.
#include "fuzz/input.h"
#include "model/golden_rows.h"
#include "model/manifest.h"
#include "model/runtime/fake/fake_model.h"

namespace {

using namespace thalweg;

TensorSpec spec(const char* name, DType dtype, std::vector<std::int64_t> dims) {
  TensorSpec made;
  made.name = name;
  made.dtype = dtype;
  made.shape.dims = std::move(dims);
  return made;
}

ModelVersion version_in(const std::string& folder) {
  ModelVersion facts;
  facts.path = folder;
  facts.signature.inputs = {spec("x", DType::float32, {-1, 2}), spec("n", DType::int64, {-1}),
                            spec("b", DType::uint8, {-1, 2}), spec("t", DType::string, {-1, -1})};
  facts.signature.outputs = facts.signature.inputs;
  Manifest manifest;
  manifest.golden = "golden.jsonl";
  manifest.golden_tolerance = 1e-4;
  facts.manifest = std::make_shared<const Manifest>(std::move(manifest));
  return facts;
}

fake::Options echo_of(const Signature& signature) {
  fake::Options options;
  options.signature = signature;
  options.function = fake::Function::echo;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using fuzz::require;
  static const fuzz::Folder folder("golden");
  static const ModelVersion facts = version_in(folder.path());
  static fake::FakeModel model(echo_of(facts.signature));
  static const Registry registry;

  const std::string_view text = fuzz::text_of(data, size);
  folder.write("golden.jsonl", text);
  const auto rows = reproduce_golden_rows(model, facts, registry);
  if (!rows) {
    require(rows.error().code() == Code::model_invalid);
    require(rows.error().message().find("golden.jsonl") != std::string::npos);
    return 0;
  }
  std::int64_t filled = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) ++filled;
    begin = end + 1;
  }
  require(*rows == filled && filled > 0);
  return 0;
}
