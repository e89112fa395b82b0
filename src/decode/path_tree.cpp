// See path_tree.h.
#include "decode/path_tree.h"

namespace thalweg::decode {

namespace {
constexpr std::size_t many_members = 24;

std::uint64_t front_of(std::string_view key) noexcept {
  // Loads of fixed sizes that overlap, since copying a variable few bytes is a call.
  const char* const p = key.data();
  const std::size_t size = key.size();
  std::uint64_t front = 0;
  if (size >= 8) {
    std::memcpy(&front, p, 8);
  } else if (size >= 4) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + size - 4, 4);
    front = low | std::uint64_t{high} << (8 * (size - 4));
  } else {
    for (std::size_t i = 0; i < size; ++i)
      front |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
  }
  return front;
}

bool same(const PathTree::Member& member, std::string_view key, std::uint64_t front) noexcept {
  if (member.key.size() != key.size() || member.front != front) return false;
  return key.size() <= sizeof(front) ||
         std::memcmp(member.key.data() + 8, key.data() + 8, key.size() - 8) == 0;
}
}  // namespace

PathTree::PathTree(const std::vector<FieldSpec>& fields) : nodes_(1) {
  for (std::uint32_t f = 0; f < fields.size(); ++f) {
    const FieldSpec& field = fields[f];
    std::uint32_t at = 0;
    for (std::size_t i = 0; i < field.at.steps.size(); ++i) {
      const bool each = field.each == i;
      if (each) nodes_[at].each_fields.push_back(f);
      if (field.at.steps[i].find('\\') != std::string::npos) has_backslash_ = true;
      at = child(at, field.at.steps[i], each);
    }
    nodes_[at].fields.push_back(f);
  }
  for (Node& node : nodes_) {
    if (node.members.size() <= many_members) continue;
    for (std::uint32_t i = 0; i < node.members.size(); ++i)
      node.by_key.emplace(node.members[i].key, i);
  }
}

std::uint32_t PathTree::add_node(std::uint32_t parent, const std::string& step) {
  Node node;
  node.pointer = nodes_[parent].pointer + json::Pointer{{step}}.to_string();
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

// A step that is a number may be a key or an index: which, the record says.
std::uint32_t PathTree::child(std::uint32_t parent, const std::string& step, bool each) {
  if (each) {
    if (nodes_[parent].each == none) {
      const std::uint32_t made = add_node(parent, step);
      nodes_[parent].each = made;
    }
    return nodes_[parent].each;
  }
  for (const Member& member : nodes_[parent].members) {
    if (member.key == step) return member.node;
  }
  const std::uint32_t made = add_node(parent, step);
  nodes_[parent].members.push_back({step, front_of(step), made});
  if (const auto index = json::as_index(step)) nodes_[parent].elements.push_back({*index, made});
  return made;
}

std::uint32_t PathTree::find(const Node& node, std::string_view key, std::size_t& next) noexcept {
  const std::size_t count = node.members.size();
  if (count == 0) return none;
  const std::uint64_t front = front_of(key);
  if (next >= count) next = 0;
  if (same(node.members[next], key, front)) return node.members[next++].node;
  if (!node.by_key.empty()) {
    const auto found = node.by_key.find(key);
    if (found == node.by_key.end()) return none;
    next = found->second + 1;
    return node.members[found->second].node;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!same(node.members[i], key, front)) continue;
    next = i + 1;
    return node.members[i].node;
  }
  return none;
}

}  // namespace thalweg::decode
