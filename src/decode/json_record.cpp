// See json_record.h.
#include "decode/json_record.h"

#include <fmt/format.h>

#include "json/string.h"

namespace thalweg::decode {

using json::Kind;

RecordReader::RecordReader(const std::vector<FieldSpec>& fields)
    : tree_(fields), seen_in_(tree_.size()), found_(fields.size()) {
  slots_.reserve(fields.size());
  for (const FieldSpec& field : fields) slots_.emplace_back(field);
}

bool RecordReader::read(const json::Index& index, std::size_t depth_max, std::size_t row,
                        Arena& arena) {
  walker_.start(index, depth_max);
  values_.start(walker_, arena);
  arena_ = &arena;
  row_ = row;
  record_ = ++containers_;
  element_ = 0;
  if (!visit(0)) return false;
  if (!walker_.finish()) return values_.broken();
  return fill_missing();
}

// Everything the tree wants of the value at hand; ends behind it.
bool RecordReader::visit(std::uint32_t i) {
  const Node& node = tree_.node(i);
  if (node.leaf() && node.fields.size() == 1) return read_field(node.fields[0]);
  if (!visit_fields(node)) return false;
  if (node.leaf()) return walker_.skip() || values_.broken();
  const Kind kind = walker_.kind();
  if (kind == Kind::object && !node.members.empty()) return visit_object(node);
  if (kind == Kind::array && node.has_elements()) return visit_array(node);
  if (kind == Kind::null && i != 0) return read_null();  // what is beneath it is missing
  std::string_view span;
  if (!walker_.skip(span)) return values_.broken();
  std::string got(json::to_string(kind));
  if (kind != Kind::null) got += " " + json::excerpt(span);
  return values_.fail(Error(
      Code::wrong_type, fmt::format("{}: expected {}; got {}; the declared fields are beneath it",
                                    i == 0 ? "the value" : node.pointer,
                                    node.members.empty() ? "an array" : "an object", got)));
}

// Several fields may read one value, and others what is beneath it: each begins at the same place.
bool RecordReader::visit_fields(const Node& node) {
  const auto* const mark = walker_.mark();
  for (const std::uint32_t field : node.fields) {
    if (!read_field(field)) return false;
    walker_.go_back(mark);
  }
  return true;
}

bool RecordReader::read_field(std::uint32_t field) {
  if (walker_.peek() == 'n') return read_null();
  Slot& slot = slots_[field];
  if (element_ == 0) {
    slot.begin_value(row_);
    found_[field] = record_;
  } else {
    found_[field] = element_;
  }
  return values_.read(slot);
}

bool RecordReader::read_null() {
  return walker_.skip() || values_.broken();
}

// The node of the member with this raw key, or PathTree::none. False: a wrong escape in the key.
bool RecordReader::find_member(const Node& node, std::string_view raw, std::size_t& next,
                               std::uint32_t& found) {
  found = PathTree::find(node, raw, next);
  // Found as it stands, and no name we look for has a backslash: then the key has none either.
  if (found != PathTree::none && !tree_.has_backslash()) return true;
  if (!json::has_escapes(raw)) return true;
  if (!walker_.check_escapes(raw)) return values_.broken();
  char* const copy = arena_->allocate(raw.size());
  const std::size_t length = json::unescape(raw, copy).value_or(0);
  found = PathTree::find(node, {copy, length}, next);
  arena_->shrink(copy, 0);
  return true;
}

bool RecordReader::visit_object(const Node& node) {
  const std::uint64_t container = ++containers_;
  if (!walker_.enter_object()) return values_.broken();
  std::size_t next = 0;
  std::string_view key;
  for (bool first = true; walker_.next_member(first, key); first = false) {
    std::uint32_t found = PathTree::none;
    if (!find_member(node, key, next, found) || !visit_child(found, container)) return false;
  }
  return !walker_.failed() || values_.broken();
}

bool RecordReader::visit_child(std::uint32_t node, std::uint64_t container) {
  if (node == PathTree::none || seen_in_[node] == container)
    return walker_.skip() || values_.broken();
  seen_in_[node] = container;
  return visit(node);
}

bool RecordReader::visit_array(const Node& node) {
  if (!walker_.enter_array()) return values_.broken();
  for (const std::uint32_t field : node.each_fields) {
    slots_[field].begin_value(row_);
    found_[field] = record_;
  }
  std::size_t index = 0;
  for (; walker_.next_element(index == 0); ++index) {
    if (!visit_element(node, index)) return false;
  }
  if (walker_.failed()) return values_.broken();
  for (const std::uint32_t field : node.each_fields) found_[field] = record_;
  return true;
}

bool RecordReader::visit_element(const Node& node, std::size_t index) {
  const auto* const mark = walker_.mark();
  bool passed = false;
  for (const PathTree::Element& element : node.elements) {
    if (element.index != index) continue;
    if (!visit(element.node)) return false;
    passed = true;
  }
  if (node.each == PathTree::none) return passed || walker_.skip() || values_.broken();
  if (passed) walker_.go_back(mark);
  element_ = ++containers_;
  if (!visit(node.each) || !finish_element(node, index)) return false;
  element_ = 0;
  return true;
}

bool RecordReader::finish_element(const Node& node, std::size_t index) {
  for (const std::uint32_t field : node.each_fields) {
    if (found_[field] == element_) continue;
    const FieldSpec& spec = slots_[field].spec();
    if (!spec.fallback) {
      return values_.fail(Error(
          Code::missing_field,
          fmt::format("{}: expected a value in every element; got none in element {}; send it, or "
                      "set a `default`",
                      describe(spec), index)));
    }
    slots_[field].push_constant(*spec.fallback);
  }
  return true;
}

bool RecordReader::fill_missing() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (found_[i] == record_) continue;
    Slot& slot = slots_[i];
    const FieldSpec& spec = slot.spec();
    const bool constant = spec.fallback && !spec.each;
    if (!constant && !spec.empty_fallback) {
      return values_.fail(
          Error(Code::missing_field,
                fmt::format("{}: expected a value; got none, or null; send it, or set "
                            "a `default`",
                            describe(spec))));
    }
    slot.begin_value(row_);
    if (constant) slot.push_constant(*spec.fallback);
  }
  return true;
}

}  // namespace thalweg::decode
