// yaml-cpp's events → Node. Built on events and not on yaml-cpp's own tree: these know whether a scalar was quoted, tell of
// every key's place, show a key that is written twice, and let aliases be counted before they are copied.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include "config/expand.h"
#include "config/yaml_reader.h"

namespace thalweg::config {

// Thrown through yaml-cpp by the builder, caught by read_yaml: the only way to stop its parser.
struct YamlStop {
  Error error;
};

class YamlBuilder final : public YAML::EventHandler {
 public:
  YamlBuilder(const YamlOptions& options, std::string folder);

  // The finished document.
  [[nodiscard]] Node take_root() { return std::move(root_); }
  // The last line with content, from 0.
  [[nodiscard]] int last_line() const noexcept { return last_line_; }
  // Where the last scalar began, if it was not plain; else null.
  [[nodiscard]] const Where* last_quoted() const noexcept {
    return last_scalar_quoted_ ? &last_scalar_ : nullptr;
  }
  // The place of a mark in the file.
  [[nodiscard]] Where where(const YAML::Mark& mark) const;

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  struct Size {
    std::size_t nodes = 0;
    std::size_t bytes = 0;
  };
  struct Frame {
    bool map = false;
    bool settings_names = true;  // keys here may be secret by name
    bool has_key = false;
    bool merge_key = false;  // the key is `<<`
    Where where;
    Where key_where;
    YAML::anchor_t anchor = 0;
    Size before;  // counters when it was opened
    std::string key;
    std::vector<Node> items;
    std::vector<std::pair<std::string, Node>> entries;
    std::vector<Where> key_wheres;
    std::unordered_set<std::string> keys;
    std::vector<Node> merged;
  };
  struct Anchored {
    Node node;
    Size size;
    bool plain = false;
  };

  void open(bool map, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void place(Node node, bool plain);
  void place_in_map(Frame& frame, Node node, bool plain);
  void take_key(Frame& frame, const Node& node, bool plain);
  void merge(Frame& frame, const Node& source);
  void remember(YAML::anchor_t anchor, const Node& node, Size before, bool plain);
  void count(std::size_t nodes, std::size_t bytes, const Where& where);
  [[nodiscard]] bool expects_key() const {
    return !frames_.empty() && frames_.back().map && !frames_.back().has_key;
  }
  [[nodiscard]] bool below_secret() const;
  [[nodiscard]] Node scalar(const std::string& text, bool quoted, const Where& where) const;

  const YamlOptions& options_;
  const std::string folder_;
  const std::shared_ptr<const std::string> file_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  Node root_;
  Size size_;
  int last_line_ = 0;
  Where last_scalar_;
  bool last_scalar_quoted_ = false;
};

}  // namespace thalweg::config
