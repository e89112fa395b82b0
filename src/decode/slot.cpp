// See slot.h.
#include "decode/slot.h"

#include <cstring>

namespace thalweg::decode {

namespace {

// Column's writing functions are typed; here only the size of an element matters.
template <class Use>
void by_size(std::size_t element_bytes, Use use) {
  switch (element_bytes) {
    case 1: return use(std::uint8_t{});
    case 4: return use(std::uint32_t{});
    default: return use(std::uint64_t{});
  }
}

}  // namespace

Slot::Slot(const FieldSpec& spec)
    : spec_(&spec),
      dims_(spec.type.shape.dims),
      element_bytes_(size_of(spec.type.dtype)),
      row_bytes_(0) {
  if (spec.each) dims_ = dims_.subspan(1);
  if (element_bytes_ != 0 && !spec.type.ragged()) row_bytes_ = spec.type.width() * element_bytes_;
}

void Slot::begin_batch(Column& column, std::size_t rows) {
  if (column.type() == spec_->type) {
    column.clear();
  } else {
    column.reset(spec_->type);
  }
  if (!dense()) return;
  by_size(element_bytes_, [&](auto element) {
    dense_ = reinterpret_cast<std::byte*>(column.append_rows<decltype(element)>(rows));
  });
}

void Slot::end_batch(Column& column, std::size_t rows_filled, std::size_t rows_made) const {
  if (dense()) column.drop_rows(rows_made - rows_filled);
}

void Slot::push_constant(const Constant& constant) {
  if (element_bytes_ != 0) {
    if (!constant.numbers.empty()) {
      std::memcpy(place(constant.elements), constant.numbers.data(), constant.numbers.size());
    }
    return;
  }
  for (const std::string& s : constant.strings) strings_.push_back(s);
}

void Slot::commit_loose(Column& column) const {
  if (element_bytes_ == 0) {
    for (const std::string_view s : strings_) column.push_string(s);
  } else if (loose_.size() != 0) {
    by_size(element_bytes_, [&](auto element) {
      auto* const to = column.extend<decltype(element)>(loose_.size() / element_bytes_);
      std::memcpy(to, loose_.data(), loose_.size());
    });
  }
  column.end_row();
}

}  // namespace thalweg::decode
