// Typed records: describe a struct once, and streams read and write it by field name.
//
//   struct Payment { float amount; std::string_view mcc; std::int32_t hour; };
//   THALWEG_RECORD(Payment, amount, mcc, hour)          // at namespace scope, outside any other namespace
//
// A record is materialised per row, on the stack. Views in it (strings, spans) live for the call that got it. The same
// column may be read through different structs: names and types are checked when the pipeline is built.
//
// Members: float, double, int32_t, int64_t, uint8_t, bool, std::string_view (read and write), std::string (write; read
// copies), std::array<number, N> (float32[N], …) and std::span<const number> (a free length).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/column.h"
#include "thalweg/error.h"

namespace thalweg {

// Specialised by THALWEG_RECORD: `members()` is a tuple of Member.
template <class T>
struct Describe;

template <class T>
concept DescribedRecord = requires {
  Describe<T>::members();
};

template <class T, class M>
struct Member {
  std::string_view name;
  M T::*pointer;
};

template <class T, class M>
constexpr Member<T, M> member(std::string_view name, M T::*pointer) {
  return {name, pointer};
}

// How a C++ type lies in a column. `read` and `write` move one row's value.
template <class M>
struct ColumnCodec;

template <class M>
requires(std::is_same_v<M, float> || std::is_same_v<M, double> || std::is_same_v<M, std::int32_t> ||
         std::is_same_v<M, std::int64_t> || std::is_same_v<M, std::uint8_t>) struct ColumnCodec<M> {
  static ColumnType type() { return {DTypeOf<M>::value, {}}; }
  static void read(const Column& column, std::uint32_t row, M& out) { out = column.row<M>(row)[0]; }
  static void write(Column& column, const M& value, Arena&) { *column.append<M>() = value; }
};

template <>
struct ColumnCodec<bool> {
  static ColumnType type() { return {DType::boolean, {}}; }
  static void read(const Column& column, std::uint32_t row, bool& out) {
    out = column.row<std::uint8_t>(row)[0] != 0;
  }
  static void write(Column& column, const bool& value, Arena&) {
    *column.append<std::uint8_t>() = value ? 1 : 0;
  }
};

template <>
struct ColumnCodec<std::string_view> {
  static ColumnType type() { return {DType::string, {}}; }
  static void read(const Column& column, std::uint32_t row, std::string_view& out) {
    out = column.string_row(row)[0];
  }
  // Copied: what a function returns may be gone when it has returned.
  static void write(Column& column, const std::string_view& value, Arena& arena) {
    column.push_string(arena.copy(value));
    column.end_row();
  }
};

template <>
struct ColumnCodec<std::string> {
  static ColumnType type() { return {DType::string, {}}; }
  static void read(const Column& column, std::uint32_t row, std::string& out) {
    out = column.string_row(row)[0];
  }
  static void write(Column& column, const std::string& value, Arena& arena) {
    ColumnCodec<std::string_view>::write(column, value, arena);
  }
};

template <class E, std::size_t N>
struct ColumnCodec<std::array<E, N>> {
  static ColumnType type() { return {DTypeOf<E>::value, {{static_cast<std::int64_t>(N)}}}; }
  static void read(const Column& column, std::uint32_t row, std::array<E, N>& out) {
    std::memcpy(out.data(), column.row<E>(row).data(), sizeof out);
  }
  static void write(Column& column, const std::array<E, N>& value, Arena&) {
    std::memcpy(column.append<E>(), value.data(), sizeof value);
  }
};

template <class E>
struct ColumnCodec<std::span<const E>> {
  static ColumnType type() { return {DTypeOf<E>::value, {{Shape::unknown}}}; }
  static void read(const Column& column, std::uint32_t row, std::span<const E>& out) {
    out = column.row<E>(row);
  }
  static void write(Column& column, const std::span<const E>& value, Arena&) {
    if (!value.empty())
      std::memcpy(column.extend<E>(value.size()), value.data(), value.size_bytes());
    column.end_row();
  }
};

// The columns a described struct stands for, in member order.
template <DescribedRecord T>
[[nodiscard]] Schema schema_of() {
  Schema schema;
  std::apply(
      [&](const auto&... m) {
        (schema.fields.push_back(
             {std::string(m.name),
              ColumnCodec<std::remove_cvref_t<decltype(std::declval<T>().*(m.pointer))>>::type()}),
         ...);
      },
      Describe<T>::members());
  return schema;
}

// Finds the columns of a struct in a schema: column numbers in member order. Errors: config_invalid, naming the
// field that is missing or has another type. A span reads a column of fixed length too.
[[nodiscard]] Result<std::vector<std::size_t>> find_columns(const Schema& wanted,
                                                            const Schema& available,
                                                            std::string_view where);

// Reads rows as T.
template <DescribedRecord T>
class RecordReader {
 public:
  static Result<RecordReader> bind(const Schema& available, std::string_view where) {
    auto columns = find_columns(schema_of<T>(), available, where);
    if (!columns) return std::move(columns).error();
    return RecordReader(std::move(columns).value());
  }
  [[nodiscard]] T read(const Rows& rows, std::uint32_t row) const {
    T out{};
    std::size_t i = 0;
    std::apply(
        [&](const auto&... m) {
          (read_member(rows.columns[columns_[i++]], row, out.*(m.pointer)), ...);
        },
        Describe<T>::members());
    return out;
  }

 private:
  explicit RecordReader(std::vector<std::size_t> columns) : columns_(std::move(columns)) {}
  template <class M>
  static void read_member(const Column& column, std::uint32_t row, M& out) {
    ColumnCodec<M>::read(column, row, out);
  }
  std::vector<std::size_t> columns_;
};

// Appends T as one row to columns laid out as schema_of<T>(), beginning at `columns[0]`.
template <DescribedRecord T>
void write_record(std::span<Column> columns, const T& record, Arena& arena) {
  std::size_t i = 0;
  const auto write = [&](const auto& m) {
    const auto& value = record.*(m.pointer);
    ColumnCodec<std::remove_cvref_t<decltype(value)>>::write(columns[i++], value, arena);
  };
  std::apply([&](const auto&... m) { (write(m), ...); }, Describe<T>::members());
}

}  // namespace thalweg

// --- THALWEG_RECORD ------------------------------------------------------------------------------------------------
// Repeats a macro over up to 64 members (the usual recursive __VA_OPT__ scheme).
#define THALWEG_PARENS ()
#define THALWEG_EXPAND(...) \
  THALWEG_EXPAND3(THALWEG_EXPAND3(THALWEG_EXPAND3(THALWEG_EXPAND3(__VA_ARGS__))))
#define THALWEG_EXPAND3(...) \
  THALWEG_EXPAND2(THALWEG_EXPAND2(THALWEG_EXPAND2(THALWEG_EXPAND2(__VA_ARGS__))))
#define THALWEG_EXPAND2(...) \
  THALWEG_EXPAND1(THALWEG_EXPAND1(THALWEG_EXPAND1(THALWEG_EXPAND1(__VA_ARGS__))))
#define THALWEG_EXPAND1(...) __VA_ARGS__
#define THALWEG_MEMBERS(Type, ...) \
  __VA_OPT__(THALWEG_EXPAND(THALWEG_MEMBERS_NEXT(Type, __VA_ARGS__)))
#define THALWEG_MEMBERS_NEXT(Type, name, ...) \
  ::thalweg::member(#name, &Type::name)       \
      __VA_OPT__(, THALWEG_MEMBERS_AGAIN THALWEG_PARENS(Type, __VA_ARGS__))
#define THALWEG_MEMBERS_AGAIN() THALWEG_MEMBERS_NEXT

#define THALWEG_RECORD(Type, ...)                                                              \
  template <>                                                                                  \
  struct thalweg::Describe<Type> {                                                             \
    static constexpr auto members() { return std::tuple{THALWEG_MEMBERS(Type, __VA_ARGS__)}; } \
  };
