// Properties of Node: its JSON is YAML too, and reads back as the same tree.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "thalweg/settings.h"

#include "config/yaml_reader.h"

namespace thalweg {
namespace {

std::string any_text() {
  return *rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::inRange('a', 'e'),
      rc::gen::elementOf(std::string(" :#-[]{}\"'\\\n\t\r${}<0123.~!&*%@`|>\x01\x7f"))));
}

Node any_node(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0: return {};
    case 1: return Node::scalar(any_text(), true);
    case 2: return Node::scalar(std::to_string(*rc::gen::arbitrary<std::int64_t>()));
    case 3:
      return Node::scalar(
          *rc::gen::elementOf(std::vector<std::string>{"true", "false", "0.5", "1e3", "word"}));
    case 4: {
      std::vector<Node> items;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) items.push_back(any_node(depth - 1));
      return Node::sequence(std::move(items));
    }
    default: {
      Node map = Node::map({});
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        std::string key = any_text();
        if (key != "<<") map.set(key, any_node(depth - 1));
      }
      return map;
    }
  }
}

RC_GTEST_PROP(NodeProperty, The_JSON_of_a_tree_reads_back_as_the_same_tree, ()) {
  const std::string json = any_node(4).to_json();
  YamlOptions options;
  options.name = "t.yaml";
  options.expand = false;
  auto again = read_yaml(json, options);
  RC_LOG() << json << "\n" << (again.ok() ? "" : again.error().message()) << "\n";
  RC_ASSERT(again.ok());
  RC_ASSERT(again->to_json() == json);
}

RC_GTEST_PROP(NodeProperty, No_text_makes_the_reader_throw_or_crash, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("ab: -[]{}\"'\n\t\r#&*!|>%@,?~<0\\$")));
  YamlOptions options;
  options.name = "t.yaml";
  const auto node = read_yaml(text, options);
  if (!node.ok()) RC_ASSERT(node.error().message().starts_with("t.yaml"));
}

}  // namespace
}  // namespace thalweg
