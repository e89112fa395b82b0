// The index is a table as LevelDB writes it: blocks of sorted entries, a block that lists them, a footer that names that one.
// TensorFlow leaves the blocks uncompressed. The values are BundleEntryProto (tensorflow/core/protobuf/tensor_bundle.proto);
// names are not needed here, so that the entries' shared prefixes are passed over.
#include "model/checkpoint_index.h"

#include <algorithm>
#include <stdexcept>

#include <protozero/pbf_reader.hpp>
#include <protozero/varint.hpp>

namespace thalweg {
namespace {

constexpr std::size_t footer_size =
    48;  // two places, padding, and the number that files.cpp looks for
constexpr std::size_t trailer_size = 5;  // behind each block: its compression, its checksum
constexpr std::size_t restart_size = 4;

struct NotReadable : std::runtime_error {
  NotReadable() : std::runtime_error("not such a table") {}
};

void demand(bool right) {
  if (!right) throw NotReadable();
}

// Takes varints and pieces off the front.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  [[nodiscard]] bool done() const noexcept { return at_ == end_; }
  std::uint64_t number() { return protozero::decode_varint(&at_, end_); }
  std::string_view piece(std::uint64_t size) {
    demand(size <= static_cast<std::uint64_t>(end_ - at_));
    const std::string_view taken(at_, size);
    at_ += size;
    return taken;
  }

 private:
  const char* at_;
  const char* end_;
};

// The entries of the block at the place that `place` holds, without their restart points.
std::string_view block_at(std::string_view table, Cursor& place) {
  const std::uint64_t offset = place.number();
  const std::uint64_t size = place.number();
  demand(offset <= table.size() && size <= table.size() - offset &&
         trailer_size <= table.size() - offset - size && size >= restart_size);
  const std::string_view block = table.substr(offset, size);
  demand(table[offset + size] == 0);  // uncompressed
  std::uint64_t restarts = 0;
  for (std::size_t i = 0; i < restart_size; ++i) {
    const auto byte = static_cast<unsigned char>(block[size - restart_size + i]);
    restarts |= std::uint64_t{byte} << (8 * i);
  }
  demand(restarts <= size / restart_size - 1);
  return block.substr(0, size - (restarts + 1) * restart_size);
}

template <class Each>
void for_each_entry(std::string_view block, Each each) {
  for (Cursor entries(block); !entries.done();) {
    const std::uint64_t shared = entries.number();
    const std::uint64_t own = entries.number();
    const std::uint64_t value_size = entries.number();
    entries.piece(own);
    each(shared + own > 0, entries.piece(value_size));
  }
}

void note_tensor(std::string_view value, ShardLengths& lengths) {
  using protozero::pbf_wire_type;
  using protozero::tag_and_type;
  std::uint64_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  protozero::pbf_reader entry(value.data(), value.size());
  while (entry.next()) {
    switch (entry.tag_and_type()) {
      case tag_and_type(3, pbf_wire_type::varint): shard = entry.get_uint64(); break;
      case tag_and_type(4, pbf_wire_type::varint): offset = entry.get_uint64(); break;
      case tag_and_type(5, pbf_wire_type::varint): size = entry.get_uint64(); break;
      default: entry.skip();
    }
  }
  demand(offset <= offset + size);
  std::uint64_t& length = lengths[shard];
  length = std::max(length, offset + size);
}

}  // namespace

std::optional<ShardLengths> shard_lengths(std::string_view index) {
  try {
    demand(index.size() >= footer_size);
    Cursor footer(index.substr(index.size() - footer_size));
    footer.number();  // the place of the block of block names, which there are none of
    footer.number();
    ShardLengths lengths;
    for_each_entry(block_at(index, footer), [&](bool, std::string_view place) {
      Cursor cursor(place);
      for_each_entry(block_at(index, cursor), [&](bool named, std::string_view value) {
        if (named) note_tensor(value, lengths);  // without a name: the header
      });
    });
    return lengths;
  } catch (const NotReadable&) {
    return std::nullopt;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

}  // namespace thalweg
