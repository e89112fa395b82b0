// Pieces that write a column's row, or something of the source record, as JSON.
//
// A scalar and a row of shape [1] are a number; every other shape is an array, one in the other.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "encode/base64.h"
#include "encode/json_text.h"
#include "encode/piece.h"

namespace thalweg::encode {

namespace {

class LiteralPiece final : public Piece {
 public:
  explicit LiteralPiece(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] bool write(Job& job) const override {
    job.out.put(text_);
    return true;
  }

 private:
  std::string text_;
};

// What stands between the elements of a row, decided once: nothing for a scalar, "[", "," and "]" by the dimensions otherwise.
class Brackets {
 public:
  explicit Brackets(const ColumnType& type) {
    const auto& dims = type.shape.dims;
    scalar_ = dims.empty() || (dims.size() == 1 && dims[0] == 1);
    std::size_t width = 1;
    for (std::size_t i = dims.size(); i-- > 1;) {
      width *= static_cast<std::size_t>(dims[i]);
      strides_.push_back(width);
    }
  }
  [[nodiscard]] bool scalar() const noexcept { return scalar_; }

  // Before element `i`.
  void before(std::size_t i, ArenaWriter& out) const {
    if (i != 0) {
      for (const std::size_t stride : strides_) {
        if (i % stride == 0) out.put(']');
      }
      out.put(',');
    }
    for (const std::size_t stride : strides_) {
      if (i % stride == 0) out.put('[');
    }
  }
  // Behind the last of `count` elements.
  void behind(std::size_t count, ArenaWriter& out) const {
    if (count == 0) return;
    for (std::size_t i = 0; i < strides_.size(); ++i) out.put(']');
  }

 private:
  bool scalar_;
  std::vector<std::size_t> strides_;  // elements of one inner array, innermost first
};

template <class T>
class NumbersPiece final : public Piece {
 public:
  NumbersPiece(const Reference& reference, Nonfinite nonfinite)
      : name_(reference.text),
        column_(reference.column),
        brackets_(reference.type),
        nonfinite_(nonfinite) {}

  [[nodiscard]] bool write(Job& job) const override {
    const auto values = job.column(column_).row<T>(job.row);
    if (brackets_.scalar()) return put(values[0], job);
    job.out.put('[');
    for (std::size_t i = 0; i < values.size(); ++i) {
      brackets_.before(i, job.out);
      if (!put(values[i], job)) return false;
    }
    brackets_.behind(values.size(), job.out);
    job.out.put(']');
    return true;
  }

 private:
  [[nodiscard]] bool put(T value, Job& job) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) return put_nonfinite(value, job);
      put_json_number(value, job.out);
    } else {
      put_json_number(static_cast<std::int64_t>(value), job.out);
    }
    return true;
  }
  [[nodiscard]] bool put_nonfinite(double value, Job& job) const {
    if (nonfinite_ == Nonfinite::null) {
      job.out.put("null");
      return true;
    }
    return job.fail(
        Code::nonfinite,
        fmt::format(
            "column '{}': expected finite numbers; got {}; set `nonfinite: null` to write null",
            name_, value));
  }

  std::string name_;
  std::size_t column_;
  Brackets brackets_;
  Nonfinite nonfinite_;
};

class BoolsPiece final : public Piece {
 public:
  explicit BoolsPiece(const Reference& reference)
      : column_(reference.column), brackets_(reference.type) {}

  [[nodiscard]] bool write(Job& job) const override {
    const auto values = job.column(column_).row<std::uint8_t>(job.row);
    if (!brackets_.scalar()) job.out.put('[');
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!brackets_.scalar()) brackets_.before(i, job.out);
      job.out.put(values[i] != 0 ? std::string_view("true") : std::string_view("false"));
    }
    if (brackets_.scalar()) return true;
    brackets_.behind(values.size(), job.out);
    job.out.put(']');
    return true;
  }

 private:
  std::size_t column_;
  Brackets brackets_;
};

bool put_string(std::string_view text, std::string_view what, Job& job) {
  if (put_json_string(text, job.out)) return true;
  return job.fail(
      Code::encode_failed,
      fmt::format("{}: expected UTF-8, which JSON is made of; got other bytes; write {{base64: …}}",
                  what));
}

class StringsPiece final : public Piece {
 public:
  explicit StringsPiece(const Reference& reference)
      : what_(fmt::format("column '{}'", reference.text)),
        column_(reference.column),
        brackets_(reference.type) {}

  [[nodiscard]] bool write(Job& job) const override {
    const auto values = job.column(column_).string_row(job.row);
    if (brackets_.scalar()) return put_string(values[0], what_, job);
    job.out.put('[');
    for (std::size_t i = 0; i < values.size(); ++i) {
      brackets_.before(i, job.out);
      if (!put_string(values[i], what_, job)) return false;
    }
    brackets_.behind(values.size(), job.out);
    job.out.put(']');
    return true;
  }

 private:
  std::string what_;
  std::size_t column_;
  Brackets brackets_;
};

class MetaPiece final : public Piece {
 public:
  explicit MetaPiece(Reference reference) : reference_(std::move(reference)) {}

  [[nodiscard]] bool write(Job& job) const override {
    const SourceRecord& record = job.batch.record(job.record);
    switch (reference_.kind) {
      case Reference::Kind::topic: return put_string(record.topic, "meta.topic", job);
      case Reference::Kind::partition:
        put_json_number(std::int64_t{record.partition.value}, job.out);
        return true;
      case Reference::Kind::offset: put_json_number(record.offset.value, job.out); return true;
      case Reference::Kind::timestamp:
        if (record.timestamp.ms < 0) return put_or_null(std::nullopt, job);
        put_json_number(record.timestamp.ms, job.out);
        return true;
      case Reference::Kind::key: return put_or_null(record.key, job);
      default: return put_or_null(find_header(job.batch, job.record, reference_.text), job);
    }
  }

 private:
  [[nodiscard]] bool put_or_null(const std::optional<std::string_view>& text, Job& job) const {
    if (text)
      return put_string(
          *text,
          reference_.kind == Reference::Kind::key ? "meta.key" : "headers." + reference_.text, job);
    job.out.put("null");
    return true;
  }

  Reference reference_;
};

// --- functions of a column ---------------------------------------------------------------------------------------

class Base64Piece final : public Piece {
 public:
  explicit Base64Piece(Reference reference) : reference_(std::move(reference)) {}

  [[nodiscard]] bool write(Job& job) const override {
    const auto bytes = find(job);
    if (!bytes) {
      job.out.put("null");
      return true;
    }
    job.out.put('"');
    put_base64(*bytes, job.out);
    job.out.put('"');
    return true;
  }

 private:
  [[nodiscard]] std::optional<std::string_view> find(const Job& job) const {
    switch (reference_.kind) {
      case Reference::Kind::column: break;
      case Reference::Kind::input: return job.batch.record(job.record).value;
      case Reference::Kind::key: return job.batch.record(job.record).key;
      default: return find_header(job.batch, job.record, reference_.text);
    }
    const Column& column = job.column(reference_.column);
    if (reference_.type.dtype == DType::string) return column.string_row(job.row)[0];
    const std::size_t size = size_of(reference_.type.dtype);
    const auto [begin, end] = column.extent(job.row);
    return std::string_view(static_cast<const char*>(column.raw()) + begin * size,
                            (end - begin) * size);
  }

  Reference reference_;
};

template <class T>
class ArgmaxPiece final : public Piece {
 public:
  ArgmaxPiece(const Reference& reference, std::vector<std::string> labels)
      : name_(reference.text), column_(reference.column), labels_(std::move(labels)) {}

  [[nodiscard]] bool write(Job& job) const override {
    const auto values = job.column(column_).row<T>(job.row);
    // The first of equals wins, as in numpy; a NaN is larger than nothing and smaller than nothing, so it is refused.
    const bool ordered = std::none_of(values.begin(), values.end(), [](T v) { return v != v; });
    if (!ordered) {
      return job.fail(
          Code::nonfinite,
          fmt::format("argmax of '{}': expected numbers; got NaN; look at the model's inputs",
                      name_));
    }
    if (values.empty()) {
      job.out.put("null");
      return true;
    }
    const auto place =
        static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
    if (labels_.empty()) {
      put_json_number(static_cast<std::int64_t>(place), job.out);
      return true;
    }
    if (place < labels_.size()) return put_string(labels_[place], "labels", job);
    return job.fail(
        Code::encode_failed,
        fmt::format(
            "argmax of '{}': expected at most {} elements, one per label; got the largest at {}; "
            "add labels",
            name_, labels_.size(), place));
  }

 private:
  std::string name_;
  std::size_t column_;
  std::vector<std::string> labels_;
};

}  // namespace

std::unique_ptr<Piece> literal_piece(std::string text) {
  return std::make_unique<LiteralPiece>(std::move(text));
}

std::unique_ptr<Piece> base64_piece(const Reference& reference) {
  return std::make_unique<Base64Piece>(reference);
}

std::unique_ptr<Piece> reference_piece(const Reference& reference, Nonfinite nonfinite) {
  if (reference.kind == Reference::Kind::input) return input_piece();
  if (reference.kind == Reference::Kind::part) return part_piece(reference.text);
  if (reference.kind != Reference::Kind::column) return std::make_unique<MetaPiece>(reference);
  switch (reference.type.dtype) {
    case DType::float32: return std::make_unique<NumbersPiece<float>>(reference, nonfinite);
    case DType::float64: return std::make_unique<NumbersPiece<double>>(reference, nonfinite);
    case DType::int32: return std::make_unique<NumbersPiece<std::int32_t>>(reference, nonfinite);
    case DType::int64: return std::make_unique<NumbersPiece<std::int64_t>>(reference, nonfinite);
    case DType::uint8: return std::make_unique<NumbersPiece<std::uint8_t>>(reference, nonfinite);
    case DType::boolean: return std::make_unique<BoolsPiece>(reference);
    case DType::string: return std::make_unique<StringsPiece>(reference);
  }
  return nullptr;
}

std::unique_ptr<Piece> argmax_piece(const Reference& reference, std::vector<std::string> labels) {
  switch (reference.type.dtype) {
    case DType::float64: return std::make_unique<ArgmaxPiece<double>>(reference, std::move(labels));
    case DType::int32:
      return std::make_unique<ArgmaxPiece<std::int32_t>>(reference, std::move(labels));
    case DType::int64:
      return std::make_unique<ArgmaxPiece<std::int64_t>>(reference, std::move(labels));
    case DType::uint8:
    case DType::boolean:
      return std::make_unique<ArgmaxPiece<std::uint8_t>>(reference, std::move(labels));
    default: return std::make_unique<ArgmaxPiece<float>>(reference, std::move(labels));
  }
}

}  // namespace thalweg::encode
