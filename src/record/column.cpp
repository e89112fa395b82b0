// Columns: how rows of numbers and strings lie in memory. The hot writers are inline in the header.
#include "thalweg/column.h"

#include <cstring>

namespace thalweg {

std::size_t ColumnType::width() const noexcept {
  std::size_t product = 1;
  for (std::size_t i = ragged() ? 1 : 0; i < shape.dims.size(); ++i) {
    assert(shape.dims[i] >= 0);  // only the first dimension may be unknown
    product *= static_cast<std::size_t>(shape.dims[i]);
  }
  return product;
}

std::string ColumnType::to_string() const {
  std::string text(thalweg::to_string(dtype));
  if (!shape.dims.empty()) text += ' ' + shape.to_string();
  return text;
}

std::optional<std::size_t> Schema::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

void Column::reset(const ColumnType& type) {
  if (&type != &type_) type_ = type;
  width_ = type_.width();
  clear();
}

void Column::clear() noexcept {
  rows_ = 0;
  buffer_.clear();
  strings_.clear();
  offsets_.clear();
  if (type_.ragged()) offsets_.push_back(0);
  adopted_ = nullptr;
  owner_.reset();
}

void Column::reserve(std::size_t rows) {
  if (type_.ragged()) {
    offsets_.reserve(rows + 1);
  } else if (type_.dtype == DType::string) {
    strings_.reserve(rows * width_);
  } else {
    buffer_.reserve(rows * width_ * size_of(type_.dtype));
  }
}

std::size_t Column::elements() const noexcept {
  return type_.ragged() ? offsets_.back() : rows_ * width_;
}

std::size_t Column::written() const noexcept {
  return type_.dtype == DType::string ? strings_.size() : buffer_.size() / size_of(type_.dtype);
}

void Column::truncate(std::size_t elements) {
  if (adopted_ != nullptr) return;  // somebody else's memory: only the count of rows changes
  if (type_.dtype == DType::string) {
    strings_.resize(elements);
  } else {
    buffer_.resize(elements * size_of(type_.dtype));
  }
}

void Column::end_row() {
  assert(type_.ragged() || type_.dtype == DType::string);
  const std::size_t elements = written();
  if (type_.ragged()) {
    assert(width_ == 0 || (elements - offsets_.back()) % width_ == 0);
    offsets_.push_back(static_cast<std::uint32_t>(elements));
  } else {
    assert(elements == (rows_ + 1) * width_);
  }
  ++rows_;
}

void Column::abandon_row() {
  truncate(elements());
}

void Column::drop_rows(std::size_t count) {
  assert(count <= rows_);
  rows_ -= count;
  if (type_.ragged()) offsets_.resize(rows_ + 1);
  truncate(elements());
}

void Column::append_range_from(const Column& from, std::size_t row, std::size_t count) {
  assert(type_ == from.type_ && adopted_ == nullptr && row + count <= from.rows_);
  if (count == 0) return;
  const std::size_t begin = from.extent(row).first;
  const std::size_t elements = from.extent(row + count - 1).second - begin;
  if (type_.ragged()) {
    // `from` may be this very column: read each length before writing behind it.
    for (std::size_t i = row; i < row + count; ++i) {
      const std::uint32_t length = from.offsets_[i + 1] - from.offsets_[i];
      offsets_.push_back(offsets_.back() + length);
    }
  }
  rows_ += count;
  if (type_.dtype == DType::string) {
    // By index, for the same reason: the memory moves as it grows.
    for (std::size_t i = begin; i < begin + elements; ++i) {
      strings_.push_back(std::string_view(from.strings_[i]));
    }
  } else if (elements > 0) {
    const std::size_t size = size_of(type_.dtype);
    std::byte* to = buffer_.grow(elements * size);
    std::memcpy(to, static_cast<const std::byte*>(from.raw()) + begin * size, elements * size);
  }
}

void Column::append_zero_row() {
  assert(adopted_ == nullptr);
  if (type_.ragged()) {
    end_row();
  } else if (type_.dtype == DType::string) {
    strings_.resize(strings_.size() + width_);
    ++rows_;
  } else {
    const std::size_t bytes = width_ * size_of(type_.dtype);
    if (bytes > 0) std::memset(buffer_.grow(bytes), 0, bytes);
    ++rows_;
  }
}

void Column::adopt(ColumnType type, std::size_t rows, const void* data,
                   std::vector<std::string_view> strings, std::shared_ptr<const void> owner) {
  assert(!type.ragged());
  reset(type);
  rows_ = rows;
  strings_ = std::move(strings);
  assert(type_.dtype != DType::string || strings_.size() == rows * width_);
  adopted_ = data;
  owner_ = std::move(owner);
}

void Column::copy_adopted() {
  if (type_.dtype != DType::string) {
    const std::size_t bytes = elements() * size_of(type_.dtype);
    buffer_.clear();
    if (bytes > 0) std::memcpy(buffer_.grow(bytes), adopted_, bytes);
    owner_.reset();
  } else {
    strings_.resize(elements());  // the views still need their owner
  }
  adopted_ = nullptr;
}

std::size_t Column::bytes() const noexcept {
  return buffer_.capacity() + strings_.capacity() * sizeof(std::string_view) +
         offsets_.capacity() * sizeof(std::uint32_t);
}

}  // namespace thalweg
