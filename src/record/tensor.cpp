// Names and sizes of dtypes, arithmetic on shapes, and the aligned memory under columns and tensors.
#include "thalweg/tensor.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace thalweg {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kReadableBehind = 64;

struct DTypeEntry {
  std::string_view name;
  std::size_t size;
};
// In the order of the enum.
constexpr std::array<DTypeEntry, 7> kDTypes = {{{"float32", 4},
                                                {"float64", 8},
                                                {"int32", 4},
                                                {"int64", 8},
                                                {"uint8", 1},
                                                {"bool", 1},
                                                {"string", 0}}};

// operator new and not aligned_alloc, so that a test which counts allocations sees these too.
std::byte* allocate(std::size_t bytes) {
  return static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kAlignment}));
}
void release(std::byte* p) noexcept {
  ::operator delete (p, std::align_val_t{kAlignment});
}

}  // namespace

std::string_view to_string(DType dtype) noexcept {
  return kDTypes[static_cast<std::size_t>(dtype)].name;
}

std::optional<DType> dtype_from(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    if (kDTypes[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::size_t size_of(DType dtype) noexcept {
  return kDTypes[static_cast<std::size_t>(dtype)].size;
}

bool Shape::fixed() const noexcept {
  return std::find(dims.begin(), dims.end(), unknown) == dims.end();
}

std::size_t Shape::elements() const noexcept {
  std::size_t product = 1;
  for (const std::int64_t dim : dims) {
    assert(dim >= 0);
    product *= static_cast<std::size_t>(dim);
  }
  return product;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (const std::int64_t dim : dims) {
    if (text.size() > 1) text += ',';
    text += dim == unknown ? "?" : std::to_string(dim);
  }
  return text += ']';
}

bool Shape::fits(const Shape& other) const noexcept {
  return std::equal(
      dims.begin(), dims.end(), other.dims.begin(), other.dims.end(),
      [](std::int64_t a, std::int64_t b) { return a == b || a == unknown || b == unknown; });
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

AlignedBuffer::~AlignedBuffer() {
  if (data_ != nullptr) release(data_);
}

void AlignedBuffer::reserve(std::size_t bytes) {
  if (bytes <= capacity_) return;
  const std::size_t wanted = std::max({bytes, capacity_ + capacity_ / 2, kAlignment});
  const std::size_t rounded = (wanted + kAlignment - 1) / kAlignment * kAlignment;
  std::byte* fresh = allocate(rounded + kReadableBehind);
  if (size_ > 0) std::memcpy(fresh, data_, size_);
  if (data_ != nullptr) release(data_);
  data_ = fresh;
  capacity_ = rounded;
}

void AlignedBuffer::resize(std::size_t bytes) {
  reserve(bytes);
  size_ = bytes;
}

}  // namespace thalweg
