#include "run/dead_letter.h"

#include <charconv>
#include <new>

#include "json/utf8.h"

namespace thalweg {
namespace {

std::string_view number(Arena& arena, std::int64_t n) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  return arena.copy({text, static_cast<std::size_t>(end - text)});
}

// Kafka refuses records over its size limit: a message that quotes a large value must not make the dead letter larger.
constexpr std::size_t message_bytes_max = 2048;

// Not cut inside of a character: readers take the header for text.
std::string_view shortened(std::string_view message) {
  if (message.size() <= message_bytes_max) return message;
  const std::string_view cut = message.substr(0, message_bytes_max);
  const std::size_t whole = json::valid_utf8_prefix(cut);
  // Further from the end it was no text before, and stays as it is.
  return whole + 4 > cut.size() ? cut.substr(0, whole) : cut;
}

// The last model that was asked for this record; null when none was. Its neighbours may have seen others.
const ModelStamp* last_model(const Batch& batch, std::size_t record) {
  for (std::size_t i = batch.stamps().size(); i-- > 0;) {
    if (batch.saw(record, i)) return &batch.stamps()[i];
  }
  return nullptr;
}

}  // namespace

OutputRecord make_dead_letter(Batch& batch, std::size_t record, std::uint16_t target,
                              std::string_view pipeline) {
  const SourceRecord& source = batch.record(record);
  const Error& error = *batch.error_of(record);
  Arena& arena = batch.arena();
  constexpr std::size_t count_max = 9;
  auto* headers = reinterpret_cast<Header*>(arena.allocate(count_max * sizeof(Header)));
  std::size_t count = 0;
  const auto add = [&](std::string_view name, std::string_view value) {
    new (headers + count++) Header{name, value};
  };
  add("__thalweg.errors.topic", source.topic);
  add("__thalweg.errors.partition", number(arena, source.partition.value));
  add("__thalweg.errors.offset", number(arena, source.offset.value));
  add("__thalweg.errors.stage", arena.copy(error.stage()));
  add("__thalweg.errors.code", to_string(error.code()));
  add("__thalweg.errors.message", arena.copy(shortened(error.message())));
  add("__thalweg.errors.pipeline", pipeline);
  if (const ModelStamp* model = last_model(batch, record)) {
    add("__thalweg.errors.model", model->model);
    add("__thalweg.errors.version", number(arena, model->version));
  }
  OutputRecord out;
  out.record = static_cast<std::uint32_t>(record);
  out.target = target;
  out.dead_letter = true;
  out.key = source.key;
  out.value = source.value;
  out.timestamp = source.timestamp;
  out.input_headers = batch.headers_of(record);
  out.headers = {headers, count};
  return out;
}

}  // namespace thalweg
