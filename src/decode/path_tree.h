// The places of all declared fields as one tree of keys, so that one pass over a record finds them all, in whatever order they come.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/fields.h"

namespace thalweg::decode {

class PathTree {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  struct Member {
    std::string key;
    std::uint64_t front = 0;  // its first eight bytes
    std::uint32_t node = none;
  };
  struct Element {
    std::size_t index;
    std::uint32_t node;
  };
  struct Node {
    std::string pointer;                     // for messages
    std::vector<Member> members;             // of an object here
    std::vector<Element> elements;           // of an array here, by index
    std::uint32_t each = none;               // every element of an array here
    std::vector<std::uint32_t> fields;       // whose value is here
    std::vector<std::uint32_t> each_fields;  // beneath `each`
    std::unordered_map<std::string_view, std::uint32_t>
        by_key;  // filled when there are many members

    [[nodiscard]] bool leaf() const noexcept { return members.empty() && each == none; }
    [[nodiscard]] bool has_elements() const noexcept { return !elements.empty() || each != none; }
  };

  explicit PathTree(const std::vector<FieldSpec>& fields);
  PathTree(const PathTree&) = delete;  // by_key views the keys beside it
  PathTree& operator=(const PathTree&) = delete;

  [[nodiscard]] const Node& node(std::uint32_t i) const noexcept { return nodes_[i]; }
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  // Is there a backslash in any key?
  [[nodiscard]] bool has_backslash() const noexcept { return has_backslash_; }

  // The member of `node` with this key (unescaped), or none. `next` is where the search begins, and is moved behind what was found:
  // producers write the same keys in the same order.
  [[nodiscard]] static std::uint32_t find(const Node& node, std::string_view key,
                                          std::size_t& next) noexcept;

 private:
  std::uint32_t child(std::uint32_t parent, const std::string& step, bool each);
  std::uint32_t add_node(std::uint32_t parent, const std::string& step);

  bool has_backslash_ = false;
  std::vector<Node> nodes_;  // the first is the document
};

}  // namespace thalweg::decode
