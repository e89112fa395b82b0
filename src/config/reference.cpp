// The settings reference as Markdown.
#include "config/reference.h"

#include <fmt/format.h>

#include "config/expected.h"
#include "config/pipeline.h"

namespace thalweg {

namespace {

constexpr std::string_view introduction = R"(# Settings reference

<!-- Generated from the declarations in the source; a test keeps it current. Change it there. -->

A pipeline file is YAML. Each setting is declared once in the code; this page, the parser, its errors and `thalweg schema` (JSON Schema
for editors) come from there.

- **Durations** have a unit: `250ms`, `10s`, `5m`, `1h`, `7d`. **Sizes** are bytes or have one: `512`, `64KiB`, `16MiB`, `1GiB`, `1MB`.
- **Paths** are relative to the file that names them; those of `--set` and of C++ are relative to the process's folder.
- **`${NAME}`** is the environment variable, `${NAME:-default}` falls back to a default when it is unset or empty, `${file:/run/secrets/x}`
  is the content of a file (never shown), `$${` stands for `${` itself. Inside `{ }` and `[ ]` put quotes round them.
- **`--set a.b.c=value`** overrides any setting, list items by number: `--set to.0.topic=scores`.
- **An empty value** (`workers:` with nothing behind it) means the default.
- **Keys that begin with `x-`** at the top are ignored: a place for YAML anchors.
- Every setting is read when the process starts; a change needs a restart unless its description says otherwise.
)";

class ReferenceWriter {
 public:
  ReferenceWriter(const Registry& registry, const DocumentedParts& parts)
      : registry_(registry), parts_(parts) {}

  std::string write();

 private:
  void heading(std::size_t level, std::string_view title);
  void section(const Section& s, std::size_t level, std::string_view title);
  void table(const Section& s);
  void notes(const Section& s);
  template <class Kind>
  void kinds(const std::vector<Kind>& all, std::string_view title, std::string_view about);
  void codes();

  const Registry& registry_;
  const DocumentedParts& parts_;
  std::string out_;
};

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string code(std::string_view text) {
  return fmt::format("`{}`", cell(text));
}

std::string fallback_of(const Setting& s) {
  if (s.required) return "**required**";
  if (s.type == SettingType::section || s.type == SettingType::sections) return "";
  if (!s.fallback) return "none";
  return s.fallback->empty() ? "empty" : code(*s.fallback);
}

// A title's anchor, as Markdown renderers make it.
std::string anchor(std::string_view title) {
  std::string out;
  for (const char c : title) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-') out += c;
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if (c == ' ') out += '-';
  }
  return out;
}

void ReferenceWriter::heading(std::size_t level, std::string_view title) {
  out_ += fmt::format("\n{} {}\n\n", std::string(level, '#'), title);
}

void ReferenceWriter::table(const Section& s) {
  if (s.settings.empty()) return;
  out_ += "| setting | what is expected | default | what it does |\n|---|---|---|---|\n";
  for (const Setting& one : s.settings) {
    std::string doc = one.doc;
    if (one.type == SettingType::section || one.type == SettingType::sections) {
      doc += fmt::format(" See [{}](#{}).", one.section->name, anchor(one.section->name));
    }
    if (one.secret) doc += " Never shown.";
    if (!one.restart) doc += " Can be changed while it runs.";
    if (!one.example.empty()) doc += fmt::format(" Example: `{}: {}`.", one.name, one.example);
    out_ += fmt::format("| {} | {} | {} | {} |\n", code(one.name), cell(config::expectation(one)),
                        fallback_of(one), cell(doc));
  }
}

void ReferenceWriter::notes(const Section& s) {
  if (!s.shorthand.empty()) {
    out_ += fmt::format("\nA value in place of the map is `{}`.\n", s.shorthand);
  }
}

void ReferenceWriter::section(const Section& s, std::size_t level, std::string_view title) {
  heading(level, title);
  out_ += s.doc + "\n\n";
  table(s);
  notes(s);
  for (const Setting& one : s.settings) {
    if (one.section != nullptr && one.section != &s)
      section(*one.section, level + 1, one.section->name);
  }
}

template <class Kind>
void ReferenceWriter::kinds(const std::vector<Kind>& all, std::string_view title,
                            std::string_view about) {
  heading(2, title);
  out_.append(about).append("\n");
  for (const Kind& kind : all) {
    heading(3, fmt::format("`{}`", kind.name));
    out_ += kind.doc + "\n\n";
    if (kind.section == nullptr || kind.section->settings.empty()) {
      out_ += "No settings of its own.\n";
      continue;
    }
    table(*kind.section);
    notes(*kind.section);
  }
}

void ReferenceWriter::codes() {
  heading(2, "Error codes");
  out_ +=
      "They stand in dead letters (`__thalweg.errors.code`), metrics and logs. The fault is the "
      "user's, something external or internal; "
      "`no` makes the record a dead letter, `backoff` tries again, `fatal` stops the pipeline.\n\n";
  out_ += "| code | fault | retry | meaning |\n|---|---|---|---|\n";
#define THALWEG_CODE_ROW(name, domain, retry, doc) \
  out_ += fmt::format("| `{}` | {} | {} | {} |\n", #name, #domain, #retry, cell(doc));
  THALWEG_ERROR_CODES(THALWEG_CODE_ROW)
#undef THALWEG_CODE_ROW
}

std::string ReferenceWriter::write() {
  out_ = introduction;
  section(pipeline_section(), 2, "Pipeline file");
  if (parts_.field != nullptr) section(*parts_.field, 2, "Fields");
  kinds(registry_.decoders(), "Input formats",
        "`format` of `from`. Their settings stand beside the common ones, in `from` itself.");
  if (parts_.model != nullptr) section(*parts_.model, 2, "Models");
  kinds(registry_.runtimes(), "Model runtimes",
        "`runtime` of a model. Their settings stand in the model's entry.");
  kinds(registry_.operators(), "Steps",
        "Items of `steps`: `- kind: {settings}`. Any step may have a `name`, for messages.");
  kinds(
      registry_.feature_steps(), "Feature steps",
      "Parts of feature expressions: `{step: input, setting: …}`, or in a `chain` the step alone.");
  kinds(registry_.encoders(), "Output formats",
        "`format` of `to`. Their settings stand beside the common ones, in `to` itself.");
  codes();
  return std::move(out_);
}

}  // namespace

std::string reference_markdown(const Registry& registry, const DocumentedParts& parts) {
  return ReferenceWriter(registry, parts).write();
}

}  // namespace thalweg
