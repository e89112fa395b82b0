// Reads the declared fields of one JSON record, in one pass and in whatever order they come.
//
// The value is checked whole, also where no field looks: whether a record is JSON does not depend on what is declared. Of members
// with the same key the first counts.
#pragma once

#include <cstdint>
#include <vector>

#include "decode/json_values.h"
#include "decode/path_tree.h"
#include "decode/slot.h"
#include "json/walker.h"

namespace thalweg::decode {

class RecordReader {
 public:
  // `fields` must stay where they are.
  explicit RecordReader(const std::vector<FieldSpec>& fields);

  [[nodiscard]] std::vector<Slot>& slots() noexcept { return slots_; }
  // Reads an indexed value; it will be row `row`. False: take_error() says why, and nothing of it counts.
  [[nodiscard]] bool read(const json::Index& index, std::size_t depth_max, std::size_t row,
                          Arena& arena);
  [[nodiscard]] Error take_error() { return values_.take_error(); }

 private:
  using Node = PathTree::Node;

  bool visit(std::uint32_t node);
  bool visit_fields(const Node& node);
  bool visit_object(const Node& node);
  bool visit_array(const Node& node);
  bool visit_child(std::uint32_t node, std::uint64_t container);
  bool visit_element(const Node& node, std::size_t index);
  bool read_field(std::uint32_t field);
  bool read_null();
  bool finish_element(const Node& node, std::size_t index);
  bool fill_missing();
  bool find_member(const Node& node, std::string_view raw, std::size_t& next, std::uint32_t& found);

  PathTree tree_;
  std::vector<Slot> slots_;
  json::Walker walker_;
  ValueReader values_;
  Arena* arena_ = nullptr;
  std::size_t row_ = 0;
  // Numbers for the containers met, so that "seen already" needs no clearing: a node belongs to the one that saw it last.
  std::uint64_t containers_ = 0;
  std::vector<std::uint64_t> seen_in_;  // by node
  std::uint64_t record_ = 0;            // number of the record's beginning
  std::vector<std::uint64_t> found_;    // by field: when it was last found
  std::uint64_t element_ = 0;           // number of the present `*` element; 0: outside
};

}  // namespace thalweg::decode
