// What feature steps share: reading numbers of any dtype, mapping them and strings element by element, refusing rows.
//
// Everything here works on whole columns and allocates nothing once the output column has grown to its usual size.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "thalweg/batch.h"
#include "thalweg/column.h"
#include "thalweg/ports.h"

#include "record/with_number.h"

namespace thalweg::feature {

[[nodiscard]] constexpr bool is_number(DType dtype) noexcept {
  return dtype != DType::string;
}
[[nodiscard]] constexpr bool is_float(DType dtype) noexcept {
  return dtype == DType::float32 || dtype == DType::float64;
}
[[nodiscard]] constexpr bool is_whole(DType dtype) noexcept {
  return is_number(dtype) && !is_float(dtype);
}

// Gives the numeric column `out` rows as long as those of `in`, and returns its first element (uninitialised).
template <class T>
T* shaped_like(const Column& in, std::size_t rows, Column& out) {
  if (!in.type().ragged()) return out.append_rows<T>(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto [begin, end] = in.extent(row);
    (void)out.extend<T>(end - begin);
    out.end_row();
  }
  return static_cast<T*>(out.raw_mutable());
}

// out[i] = f(in[i]) with in[i] read as Compute.
template <class Compute, class Out, class F>
void map_numbers(const Column& in, std::size_t rows, Column& out, F f) {
  Out* to = shaped_like<Out>(in, rows, out);
  with_number(in.type().dtype, [&]<class In>(In) {
    for (const In value : in.values<In>()) *to++ = static_cast<Out>(f(static_cast<Compute>(value)));
  });
}

// The same with the place of the element in its row (modulo `width`): for settings that differ by place.
template <class Compute, class Out, class F>
void map_numbers_by_place(const Column& in, std::size_t rows, std::size_t width, Column& out, F f) {
  Out* to = shaped_like<Out>(in, rows, out);
  with_number(in.type().dtype, [&]<class In>(In) {
    std::size_t place = 0;
    for (const In value : in.values<In>()) {
      *to++ = static_cast<Out>(f(static_cast<Compute>(value), place));
      if (++place == width) place = 0;
    }
  });
}

// Refuses a row. Off the hot path: it may allocate.
void refuse(FeatureScratch& scratch, std::size_t row, std::string message);
// Refuses a row whose text is not UTF-8.
void refuse_not_utf8(FeatureScratch& scratch, std::size_t row);

// out = f(s, arena) for every string; f returns nullopt where s is not valid UTF-8.
template <class F>
void map_strings(const Column& in, std::size_t rows, Column& out, FeatureScratch& scratch, F f) {
  for (std::size_t row = 0; row < rows; ++row) {
    bool valid = true;
    for (const std::string_view s : in.string_row(row)) {
      const std::optional<std::string_view> made = f(s, *scratch.arena);
      valid = valid && made.has_value();
      out.push_string(made.value_or(std::string_view{}));
    }
    out.end_row();
    if (!valid) refuse_not_utf8(scratch, row);
  }
}

}  // namespace thalweg::feature
