// Tensors: dtype, shape, and a block of numbers or strings that a model reads or wrote.
//
// A shape never says who owns memory, a TensorView never owns it, a Tensor always does. Numbers lie densely in
// row-major order in 64-byte aligned memory (what TensorFlow and OpenVINO take without copying). bool is one byte,
// 0 or 1. A string tensor is an array of views.
//
// Not thread-safe for writing; immutable once handed to a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

// The names are TensorFlow's (see to_string): float32, float64, int32, int64, uint8, bool, string.
enum class DType : std::uint8_t { float32, float64, int32, int64, uint8, boolean, string };

[[nodiscard]] std::string_view to_string(DType dtype) noexcept;
[[nodiscard]] std::optional<DType> dtype_from(std::string_view name) noexcept;
// Bytes of one element; 0 for string.
[[nodiscard]] std::size_t size_of(DType dtype) noexcept;

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::int64;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
template <>
struct DTypeOf<std::string_view> {
  static constexpr DType value = DType::string;
};

// Dimensions, outermost first. `unknown` (-1) stands for a length that is only known per row or per batch.
struct Shape {
  static constexpr std::int64_t unknown = -1;
  std::vector<std::int64_t> dims;

  [[nodiscard]] std::size_t rank() const noexcept { return dims.size(); }
  [[nodiscard]] bool fixed() const noexcept;            // no unknown dimension
  [[nodiscard]] std::size_t elements() const noexcept;  // product; REQUIRES fixed(); 1 for a scalar
  [[nodiscard]] std::string to_string() const;          // "[?,121]"
  // Equal, or differing only where one side is unknown.
  [[nodiscard]] bool fits(const Shape& other) const noexcept;
  bool operator==(const Shape&) const = default;
};

// Growable 64-byte aligned memory that keeps its capacity when cleared, so that a recycled batch allocates nothing.
// There are always 64 readable bytes behind the used part (SIMD parsers read past the end).
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer();

  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  void reserve(std::size_t bytes);
  // Keeps the content; new bytes are uninitialised. Amortised: capacity grows at least by half.
  void resize(std::size_t bytes);
  // Makes room for `bytes` more and returns where they begin.
  std::byte* grow(std::size_t bytes) {
    const std::size_t old = size_;
    if (capacity_ - old < bytes) reserve(old + bytes);
    size_ = old + bytes;
    return data_ + old;
  }
  void clear() noexcept { size_ = 0; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// What a model reads: somebody else's memory, alive until the call's `done`.
// dims includes the batch dimension. Exactly one of data (numbers) and strings is used.
struct TensorView {
  DType dtype = DType::float32;
  std::span<const std::int64_t> dims;
  const void* data = nullptr;                 // 64-byte aligned, elements × size_of(dtype) bytes
  std::span<const std::string_view> strings;  // dtype string only
};

// What a model wrote: keeps its memory alive through `owner` (the runtime's own tensor, usually).
struct Tensor {
  DType dtype = DType::float32;
  Shape shape;  // with the batch dimension, all known
  const void* data = nullptr;
  std::vector<std::string_view> strings;  // dtype string only; the bytes belong to `owner`
  std::shared_ptr<const void> owner;
};

}  // namespace thalweg
