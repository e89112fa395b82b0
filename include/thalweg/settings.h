// Settings: declared once, read from YAML or built in C++, checked in one place.
//
// A Node is a settings tree with the place it came from. A Section is a list of Setting declarations; from these
// come the parser, --help, the reference page, the JSON Schema and the errors. Code never reads a raw Node for a declared
// key: it calls `read(section, node)` and asks the Values, which already hold the defaults.
//
//   static const Section section{.name = "filter", .doc = "Lets pass …", .settings = {
//       {.name = "above", .type = SettingType::number, .example = "0.9", .doc = "Passes rows greater than this."}}};
//   auto values = read(section, node);           // unknown key, wrong type, out of range → Error with line and cure
//   if (!values) return values.error();
//   double above = values->number("above");
//
// Values and Nodes are immutable once built; any thread may read them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"

namespace thalweg {

// file:line of a settings node; empty file: built in code.
struct Where {
  std::shared_ptr<const std::string> file;
  int line = 0;  // from 1
  int column = 0;
  [[nodiscard]] std::string to_string() const;  // "tweets.yaml:9", or "" when unknown
};

class Node {
 public:
  enum class Kind : std::uint8_t { null, scalar, sequence, map };

  Node() = default;
  static Node null(Where where);
  static Node scalar(std::string text, bool quoted = false, Where where = {});
  static Node sequence(std::vector<Node> items, Where where = {});
  // `key_wheres`: where each key stands, in the order of `entries`; may be empty (built in code).
  static Node map(std::vector<std::pair<std::string, Node>> entries, Where where = {},
                  std::vector<Where> key_wheres = {});

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_null() const noexcept { return kind_ == Kind::null; }
  [[nodiscard]] bool is_scalar() const noexcept { return kind_ == Kind::scalar; }
  [[nodiscard]] bool is_sequence() const noexcept { return kind_ == Kind::sequence; }
  [[nodiscard]] bool is_map() const noexcept { return kind_ == Kind::map; }
  [[nodiscard]] const Where& where() const noexcept { return where_; }

  // Scalars. `quoted`: written with quotes, so never a number, a bool or a reference.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool quoted() const noexcept { return quoted_; }
  // Plain scalar as a value, YAML 1.2 core rules; nullopt when it is not one.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  [[nodiscard]] std::optional<double> as_number() const;
  [[nodiscard]] std::optional<bool> as_boolean() const;

  [[nodiscard]] const std::vector<Node>& items() const noexcept { return items_; }
  // Map entries in the order written.
  [[nodiscard]] const std::vector<std::pair<std::string, Node>>& entries() const noexcept {
    return entries_;
  }
  [[nodiscard]] const Node* find(std::string_view key) const noexcept;
  // Where the key itself stands (for "unknown key" errors).
  [[nodiscard]] const Where& key_where(std::string_view key) const noexcept;

  // Building and overriding (`--set a.b=c`); creates maps on the way.
  void set(std::string_view key, Node value);
  void append(Node value);
  // Secret: the value may be used but never shown. A secret map or sequence makes all below it secret.
  [[nodiscard]] bool secret() const noexcept { return secret_; }
  void mark_secret();
  // Canonical text (JSON, keys as written): what content hashes and `describe` use. Secrets are the caller's to hide.
  [[nodiscard]] std::string to_json() const;
  // The same for eyes: secret values are "***".
  [[nodiscard]] std::string to_json_redacted() const;
  // For error messages: "'many'", "a list of 3", "nothing", "a secret value".
  [[nodiscard]] std::string shown() const;

 private:
  Kind kind_ = Kind::null;
  bool quoted_ = false;
  bool secret_ = false;
  Where where_;
  std::string text_;
  std::vector<Node> items_;
  std::vector<std::pair<std::string, Node>> entries_;
  std::vector<Where> key_wheres_;  // empty, or one per entry
};

// Error with the node's place in front: "tweets.yaml:9: step infer: …".
[[nodiscard]] Error config_error(const Where& where, std::string message);

enum class SettingType : std::uint8_t {
  boolean,
  integer,
  number,
  string,
  duration,  // "250ms", "10s", "5m", "1h"; read as milliseconds
  bytes,     // "64MiB", "1KB", plain number; read as bytes
  path,      // relative to the file that names it
  strings,   // sequence of scalars, or one scalar
  map,       // free map of scalars (Kafka's own settings, labels)
  section,   // nested Section
  sections,  // sequence of nested Sections, or one
  node,      // free structure, read by its owner (templates, expressions, field types)
};

struct Section;

struct Setting {
  std::string name;
  SettingType type = SettingType::string;
  std::string unit{};                     // "rows", "ms", "bytes"; for the docs
  std::optional<std::string> fallback{};  // the default, as it would be written
  std::optional<double> min{};
  std::optional<double> max{};
  std::vector<std::string> choices{};  // strings only
  std::string example{};
  bool required = false;
  bool restart = true;               // a change needs a restart
  bool secret = false;               // never printed
  const Section* section = nullptr;  // types section and sections
  std::string doc{};                 // one sentence
};

struct Section {
  std::string name;  // as errors and the reference call it
  std::string doc;
  std::vector<Setting> settings;
  // Keys not declared are allowed and handed through (checked elsewhere): Kafka's own settings.
  bool open = false;
  // A scalar or sequence in place of the map means this one setting: `to: topic` for `to: {topic: topic}`.
  std::string shorthand{};
};

// A checked section: every declared setting can be asked for. Asking for an undeclared name or as another type
// is a mistake in the code and aborts.
class Values {
 public:
  // Is there a setting of that name at all?
  [[nodiscard]] bool declares(std::string_view name) const noexcept;
  // Was it written (true), or is it the default or absent (false)?
  [[nodiscard]] bool given(std::string_view name) const noexcept;
  // Written, or has a default.
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  [[nodiscard]] bool boolean(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name) const;  // integer, duration (ms), bytes
  [[nodiscard]] double number(std::string_view name) const;         // number, integer
  [[nodiscard]] const std::string& string(std::string_view name) const;  // string, path (resolved)
  [[nodiscard]] std::vector<std::string> strings(std::string_view name) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> map(std::string_view name) const;
  [[nodiscard]] const Node& node(std::string_view name) const;  // the raw node; null node if absent
  [[nodiscard]] const Values& section(std::string_view name) const;  // defaults if absent
  [[nodiscard]] const std::vector<Values>& sections(std::string_view name) const;
  // Undeclared keys of an open section, as written.
  [[nodiscard]] const std::vector<std::pair<std::string, Node>>& others() const noexcept {
    return others_;
  }
  [[nodiscard]] Where where(
      std::string_view name) const;  // of the setting if written, else of the section
  [[nodiscard]] const Where& where() const noexcept { return where_; }

 private:
  friend Result<Values> read(const Section&, const Node&);
  friend class SettingsReader;
  struct Entry {
    const Setting* setting;
    bool given = false;
    bool has = false;
    bool boolean = false;
    std::int64_t integer = 0;
    double number = 0;
    std::string string{};
    Node node{};
    std::vector<Values> sections{};
  };
  [[nodiscard]] const Entry& entry(std::string_view name) const;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, Node>> others_;
  Where where_;
};

// Checks a node against a section: unknown keys (with a suggestion), types, ranges, choices, required ones. Reports the
// first error in the order of the file. Relative paths are resolved against the folder of the file the node came from.
// REQUIRES that `section` outlives the Values (sections are static).
// An empty value (`workers:` with nothing behind it) is as good as none, except for type `node`.
[[nodiscard]] Result<Values> read(const Section& section, const Node& node);

// The nearest of `known` to `word`, if near enough to be meant: " Did you mean 'dense_5'?" or "".
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> known);
// "'a', 'b' and 'c'"
[[nodiscard]] std::string quoted_list(std::span<const std::string> names);

}  // namespace thalweg
