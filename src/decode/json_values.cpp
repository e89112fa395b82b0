// See json_values.h.
#include "decode/json_values.h"

#include <algorithm>

#include <fmt/format.h>

#include "decode/number_list.h"
#include "json/string.h"

namespace thalweg::decode {

using json::Kind;
using json::NumberFault;

std::string describe(const FieldSpec& field) {
  const std::string at = field.at.to_string();
  return at == "/" + field.name ? fmt::format("field '{}'", field.name)
                                : fmt::format("field '{}' ({})", field.name, at);
}

namespace {

bool starts_number(char c) noexcept {
  return c == '-' || static_cast<unsigned char>(c - '0') < 10;
}

// What to do with a number that its type does not hold: there is not always a wider one.
std::string_view cure_for_overflow(DType dtype, std::string_view text) {
  double widest = 0;
  if (json::parse_number(text, json::Grammar::json, widest) == NumberFault::overflow)
    return "no type holds it: the largest is float64, to 1.8e308; send a smaller number";
  const bool negative = text.starts_with('-');
  switch (dtype) {
    case DType::uint8: return negative ? "declare it as int32" : "declare a wider type, as int32";
    case DType::int32: return "declare a wider type, as int64 or float64";
    case DType::float32: return "declare a wider type, as float64";
    case DType::int64:
      return "there is no wider whole number: declare it as float64, which rounds, or as string "
             "if it is sent in quotes";
    default: return "there is no wider type; send a smaller number";
  }
}

Error number_error(const FieldSpec& field, NumberFault fault, std::string_view text) {
  const std::string where = describe(field);
  const std::string got = json::excerpt(text);
  const std::string_view type = to_string(field.type.dtype);
  switch (fault) {
    case NumberFault::overflow:
      return Error(Code::out_of_range,
                   fmt::format("{}: expected {}; got {}, which does not fit; {}", where, type, got,
                               cure_for_overflow(field.type.dtype, text)));
    case NumberFault::fraction:
      return Error(Code::wrong_type,
                   fmt::format("{}: expected {}; got {}, which is not whole; declare it as float64",
                               where, type, got));
    case NumberFault::nonfinite:
      return Error(Code::nonfinite,
                   fmt::format("{}: expected finite numbers; got {}; send null and set a `default`",
                               where, got));
    default:
      return Error(
          Code::wrong_type,
          fmt::format("{}: expected {}; got '{}'; is the separator right?", where, type, got));
  }
}

}  // namespace

bool ValueReader::fail(Error error) {
  error_.emplace(std::move(error));
  return false;
}

bool ValueReader::broken() {
  return fail(json::to_error(walker_->fault(), walker_->text()));
}

bool ValueReader::unexpected(const FieldSpec& field, std::string_view expected) {
  const Kind kind = walker_->kind();
  std::string_view span;
  if (!walker_->skip(span)) return broken();
  std::string got(json::to_string(kind));
  if (kind != Kind::null) got += " " + json::excerpt(span);
  return fail(Error(Code::wrong_type,
                    fmt::format("{}: expected {}; got {}; send it so, or change the field's type",
                                describe(field), expected, got)));
}

bool ValueReader::wrong_length(const FieldSpec& field, std::size_t expected, std::size_t got) {
  return fail(Error(
      Code::wrong_length,
      fmt::format(
          "{}: expected {} elements ({}); got {}; send as many, or declare any length with {}[]",
          describe(field), expected, field.type.to_string(), got, to_string(field.type.dtype))));
}

// An array has more elements than it may: counts them, for the message.
bool ValueReader::count_rest(const FieldSpec& field, std::size_t expected, std::size_t seen) {
  do {
    if (!walker_->skip()) return broken();
    ++seen;
  } while (walker_->next_element(false));
  return walker_->failed() ? broken() : wrong_length(field, expected, seen);
}

template <class T>
bool ValueReader::read_number(const FieldSpec& field, T* out) {
  if (!starts_number(walker_->peek())) return unexpected(field, to_string(field.type.dtype));
  const auto* const mark = walker_->mark();
  const std::string_view raw = walker_->raw_scalar();
  if (parse_quickly(raw.data(), raw.data() + raw.size(), walker_->text().data(), *out)) return true;
  const NumberFault fault = json::parse_number(raw, json::Grammar::json, *out);
  if (fault == NumberFault::none) return true;
  if (fault != NumberFault::syntax) return fail(number_error(field, fault, raw));
  walker_->go_back(mark);
  walker_->fail("a JSON value");
  return broken();
}

bool ValueReader::read_bool(const FieldSpec& field, std::uint8_t* out) {
  const char c = walker_->peek();
  if (c != 't' && c != 'f') return unexpected(field, "bool");
  const auto* const mark = walker_->mark();
  const std::string_view raw = walker_->raw_scalar();
  if (raw == "true" || raw == "false") {
    *out = c == 't';
    return true;
  }
  walker_->go_back(mark);
  walker_->fail("a JSON value");
  return broken();
}

// Arrays of known lengths, one in the other.
template <class T>
bool ValueReader::read_fixed(const FieldSpec& field, std::span<const std::int64_t> dims, T*& out) {
  if (dims.empty()) {
    if (field.type.dtype == DType::boolean) {
      if constexpr (sizeof(T) == 1) return read_bool(field, reinterpret_cast<std::uint8_t*>(out++));
    }
    return read_number(field, out++);
  }
  if (walker_->kind() != Kind::array) return unexpected(field, "an array");
  if (!walker_->enter_array()) return broken();
  const auto length = static_cast<std::size_t>(dims[0]);
  std::size_t seen = 0;
  for (; walker_->next_element(seen == 0); ++seen) {
    if (seen == length) return count_rest(field, length, seen);
    // The innermost array is where the numbers are: most need no further call.
    if (dims.size() == 1 && starts_number(walker_->peek()) && field.type.dtype != DType::boolean) {
      const auto* const mark = walker_->mark();
      const std::string_view raw = walker_->raw_scalar();
      if (parse_quickly(raw.data(), raw.data() + raw.size(), walker_->text().data(), *out)) {
        ++out;
        continue;
      }
      walker_->go_back(mark);
    }
    if (!read_fixed(field, dims.subspan(1), out)) return false;
  }
  if (walker_->failed()) return broken();
  return seen == length || wrong_length(field, length, seen);
}

template <class T>
bool ValueReader::read_numbers(Slot& slot) {
  const FieldSpec& field = slot.spec();
  std::span<const std::int64_t> dims = slot.dims();
  if (dims.empty()) {  // most fields
    auto* out = reinterpret_cast<T*>(slot.place(1));
    return read_fixed(field, dims, out);
  }
  if (field.separator && walker_->kind() == Kind::string) return read_list<T>(slot);
  std::size_t width = 1;
  const bool any_length = dims[0] == Shape::unknown;
  for (const auto d : any_length ? dims.subspan(1) : dims) width *= static_cast<std::size_t>(d);
  if (!any_length) {
    auto* out = reinterpret_cast<T*>(slot.place(width));
    return read_fixed(field, dims, out);
  }
  if (walker_->kind() != Kind::array) return unexpected(field, "an array");
  if (!walker_->enter_array()) return broken();
  for (bool first = true; walker_->next_element(first); first = false) {
    auto* out = reinterpret_cast<T*>(slot.place(width));
    if (!read_fixed(field, dims.subspan(1), out)) return false;
  }
  return !walker_->failed() || broken();
}

// "0.1,0.2,…": read where it stands; only a text with escapes is copied first.
template <class T>
bool ValueReader::read_list(Slot& slot) {
  const std::string_view raw = walker_->raw_string();
  if (!json::has_escapes(raw)) return read_list_text<T>(slot, raw, walker_->text());
  if (!walker_->check_escapes(raw)) return broken();
  char* const copy = arena_->allocate(raw.size());
  const std::size_t length = json::unescape(raw, copy).value_or(0);
  arena_->shrink(copy, length);
  return read_list_text<T>(slot, {copy, length}, {copy, length});
}

template <class T>
bool ValueReader::read_list_text(Slot& slot, std::string_view text, std::string_view readable) {
  const FieldSpec& field = slot.spec();
  const auto& dims = slot.dims();
  std::size_t width = 1;
  const bool any_length = dims[0] == Shape::unknown;
  for (const auto d : any_length ? dims.subspan(1) : dims) width *= static_cast<std::size_t>(d);
  const std::size_t room = any_length ? count_items_at_most(text, *field.separator) : width;
  auto* const out = reinterpret_cast<T*>(slot.place(room));
  const ListOutcome outcome = parse_list(text, readable.data(), *field.separator, out, room);
  if (outcome.fault != NumberFault::none)
    return fail(number_error(field, outcome.fault, outcome.item));
  if (any_length) {
    slot.give_back(room - outcome.count);
    return outcome.count % width == 0 ||
           wrong_length(field, (outcome.count / width + 1) * width, outcome.count);
  }
  return outcome.count == width || wrong_length(field, width, outcome.count);
}

// REQUIRES a string. Without escapes the text is the payload's own bytes.
bool ValueReader::read_text(std::string_view& out) {
  const std::string_view raw = walker_->raw_string();
  out = raw;
  if (!json::has_escapes(raw)) return true;
  if (!walker_->check_escapes(raw)) return broken();
  char* const copy = arena_->allocate(raw.size());
  const std::size_t length = json::unescape(raw, copy).value_or(0);
  arena_->shrink(copy, length);
  out = {copy, length};
  return true;
}

bool ValueReader::read_strings(Slot& slot, std::span<const std::int64_t> dims) {
  const FieldSpec& field = slot.spec();
  if (dims.empty()) {
    if (walker_->peek() != '"') return unexpected(field, "string");
    std::string_view text;
    if (!read_text(text)) return false;
    slot.push_string(text);
    return true;
  }
  if (field.separator && walker_->kind() == Kind::string) return read_words(slot);
  if (walker_->kind() != Kind::array) return unexpected(field, "an array");
  if (!walker_->enter_array()) return broken();
  const auto length = static_cast<std::size_t>(dims[0]);  // unknown: larger than any array
  std::size_t seen = 0;
  for (; walker_->next_element(seen == 0); ++seen) {
    if (seen == length) return count_rest(field, length, seen);
    if (!read_strings(slot, dims.subspan(1))) return false;
  }
  if (walker_->failed()) return broken();
  return dims[0] == Shape::unknown || seen == length || wrong_length(field, length, seen);
}

// "Action|Comedy": the words as they stand, spaces and all; an empty text has none.
bool ValueReader::read_words(Slot& slot) {
  const FieldSpec& field = slot.spec();
  std::string_view text;
  if (!read_text(text)) return false;
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(*field.separator), text.size());
    slot.push_string(text.substr(0, end));
    ++count;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const bool any_length = field.type.ragged() && !field.each;
  const std::size_t width = field.type.width();
  if (any_length)
    return count % width == 0 || wrong_length(field, (count / width + 1) * width, count);
  return count == width || wrong_length(field, width, count);
}

bool ValueReader::read(Slot& slot) {
  switch (slot.spec().type.dtype) {
    case DType::float32: return read_numbers<float>(slot);
    case DType::float64: return read_numbers<double>(slot);
    case DType::int32: return read_numbers<std::int32_t>(slot);
    case DType::int64: return read_numbers<std::int64_t>(slot);
    case DType::uint8:
    case DType::boolean: return read_numbers<std::uint8_t>(slot);
    case DType::string: return read_strings(slot, slot.dims());
  }
  return false;
}

}  // namespace thalweg::decode
