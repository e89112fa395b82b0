// Any declaration of fields, as `from.fields` has it, and any value: it is refused, or the record becomes one whole row or dies.
//
// The bytes up to the first NUL are the declaration, those behind it the record's value, once as JSON and once as raw tensors.
#include "decode/decoders.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Registry& registry = []() -> const Registry& {
    static Registry made;
    register_decoders(made);
    return made;
  }();
  static Batch batch;
  fuzz::Parts parts(data, size);
  const auto fields = read_yaml(parts.next(), {.name = "fuzz", .expand = false});
  if (!fields) return 0;
  for (const char* format : {"json", "raw", "text", "bytes"}) {
    const DecoderKind* const kind = registry.decoder(format);
    static const Section nothing{.name = "nothing", .doc = "", .settings = {}};
    const Section& section = kind->section == nullptr ? nothing : *kind->section;
    const auto decoder = kind->make(read(section, fuzz::yaml("{}")).value(), *fields);
    if (!decoder) {
      require(!decoder.error().message().empty());
      continue;
    }
    if (!is_small((*decoder)->schema())) continue;
    batch.reset();
    SourceRecord record;
    record.value = parts.rest();
    batch.add_record(record);
    (*decoder)->decode(batch);
    const std::size_t rows = batch.disposition(0) == Disposition::dead ? 0 : 1;
    require(batch.rows().count() == rows);
    for (const Column& column : batch.rows().columns) require(column.rows() == rows);
  }
  return 0;
}
