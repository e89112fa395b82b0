#include "model/runtime/fake/fake_runtime.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "config/yaml_reader.h"
#include "model/model_section.h"
#include "model/runtime/fake/fake_model.h"

namespace thalweg {
namespace {

// A version's folder may hold its settings, so that there are versions on disk to change between.
constexpr const char* fake_file = "fake.yaml";

const std::vector<std::string> conditions{"never", "negative", "nan", "always"};

const Section& section() {
  static const Section& section = *new Section{
      .name = "fake",
      .doc =
          "A model made of settings: deterministic, needs no file; `path` may be left out, or hold "
          "versions with their settings in a file fake.yaml. For tests.",
      .settings = {
          {.name = "inputs",
           .type = SettingType::node,
           .example = "{x: 'float32[?,4]'}",
           .doc = "Inputs with dtype and shape, the batch dimension included; default {x: "
                  "float32[?]}."},
          {.name = "outputs",
           .type = SettingType::node,
           .example = "{y: 'float32[?]'}",
           .doc = "Outputs with dtype and shape; default {y: float32[?]}."},
          {.name = "function",
           .type = SettingType::string,
           .fallback = "sum",
           .choices = {"sum", "echo", "constant", "mean"},
           .doc = "sum of the row's inputs; echo of the inputs; the constant `value`; mean of all "
                  "rows of the call, so that "
                  "a row's answer depends on its neighbours."},
          {.name = "value",
           .type = SettingType::number,
           .fallback = "0",
           .doc = "What `function: constant` answers."},
          {.name = "fail_when",
           .type = SettingType::string,
           .fallback = "never",
           .choices = conditions,
           .doc = "Fails a call that holds such a number."},
          {.name = "fail_code",
           .type = SettingType::string,
           .fallback = "invalid_model_input",
           .choices = {"invalid_model_input", "model_failed", "model_unavailable"},
           .doc = "The error of a failing call."},
          {.name = "fail_times",
           .type = SettingType::integer,
           .fallback = "0",
           .min = 0,
           .doc = "It fails so many times, then recovers; 0: it does not recover."},
          {.name = "hang_when",
           .type = SettingType::string,
           .fallback = "never",
           .choices = conditions,
           .doc = "Does not return from a call that holds such a number, for `hang_for`."},
          {.name = "hang_for",
           .type = SettingType::duration,
           .unit = "ms",
           .fallback = "1h",
           .doc = "How long it hangs."},
          {.name = "crash_when",
           .type = SettingType::string,
           .fallback = "never",
           .choices = conditions,
           .doc = "Ends the process at a call that holds such a number."},
          {.name = "slow",
           .type = SettingType::duration,
           .unit = "ms",
           .fallback = "0ms",
           .doc = "Every call takes that long."},
          {.name = "async",
           .type = SettingType::boolean,
           .fallback = "false",
           .doc = "Answers later, from a thread of its own, as a remote model does."},
          {.name = "versions",
           .type = SettingType::node,
           .example = "{2: {value: 5}}",
           .doc = "Settings that are other ones in a version, by its number: {2: {value: 5}}."},
      }};
  return section;
}

fake::When when(const Values& settings, std::string_view name) {
  const auto it = std::find(conditions.begin(), conditions.end(), settings.string(name));
  return static_cast<fake::When>(it - conditions.begin());
}

fake::Function function(const std::string& name) {
  if (name == "echo") return fake::Function::echo;
  if (name == "constant") return fake::Function::constant;
  return name == "mean" ? fake::Function::mean : fake::Function::sum;
}

Error wrong_spec(const Node& node) {
  return config_error(node.where(),
                      "fake: expected a dtype with a shape, like float32[?,4] or int64; got '" +
                          node.text() + "'; the first dimension is the batch, ? is an unknown one");
}

Result<TensorSpec> parse_spec(const std::string& name, const Node& node) {
  const std::string& text = node.text();
  const std::size_t bracket = text.find('[');
  const auto dtype =
      dtype_from(std::string_view(text).substr(0, text.find_last_not_of(' ', bracket - 1) + 1));
  if (!node.is_scalar() || !dtype) return wrong_spec(node);
  TensorSpec spec{name, *dtype, {}, false};
  if (bracket == std::string::npos) return spec;
  if (text.back() != ']') return wrong_spec(node);
  std::string inside = text.substr(bracket + 1, text.size() - bracket - 2) + ",";
  if (inside == "...,") {
    spec.unknown_rank = true;
    return spec;
  }
  for (std::size_t begin = 0; begin < inside.size();) {
    const std::size_t end = inside.find(',', begin);
    std::string dim = inside.substr(begin, end - begin);
    std::erase(dim, ' ');
    const auto number = Node::scalar(dim).as_integer();
    const bool unknown = dim.empty() || dim == "?";
    if (!unknown && (!number || *number < 0)) return wrong_spec(node);
    spec.shape.dims.push_back(unknown ? Shape::unknown : *number);
    begin = end + 1;
  }
  return spec;
}

Result<std::vector<TensorSpec>> specs(const Node& node, const char* fallback) {
  std::vector<TensorSpec> specs;
  if (node.is_null())
    return std::vector<TensorSpec>{{fallback, DType::float32, {{Shape::unknown}}, false}};
  for (const auto& [name, type] : node.entries()) {
    auto spec = parse_spec(name, type);
    if (!spec) return std::move(spec).error();
    specs.push_back(std::move(*spec));
  }
  if (specs.empty()) return wrong_spec(node);
  std::sort(specs.begin(), specs.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return specs;
}

void put_over(Node& settings, const Node& changes) {
  for (const auto& [key, value] : changes.entries()) settings.set(key, value);
}

// The entry's settings, over them those of the version's own file, over them what the entry says of this version.
Result<Node> settings_of(const ModelSpec& spec) {
  Node settings = part_of(section(), spec.runtime_settings);
  std::optional<Node> own;
  if (const Node* versions = settings.find("versions"); versions != nullptr) {
    const Node* found = versions->find(std::to_string(spec.version));
    if (found != nullptr) own = *found;
  }
  const auto file = std::filesystem::path(spec.path) / fake_file;
  std::error_code error;
  if (!spec.path.empty() && std::filesystem::is_regular_file(file, error)) {
    YamlOptions options;
    options.expand = false;
    auto of_file = read_yaml_file(file.string(), options);
    if (!of_file) return Error(Code::model_invalid, of_file.error().message());
    put_over(settings, *of_file);
  }
  if (own) put_over(settings, *own);
  return settings;
}

class FakeRuntime final : public ModelRuntime {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "fake"; }
  [[nodiscard]] bool recognises(const std::string& path) const override {
    std::error_code error;
    return std::filesystem::is_regular_file(std::filesystem::path(path) / fake_file, error);
  }

  [[nodiscard]] Result<std::unique_ptr<LoadedModel>> load(const ModelSpec& spec) override {
    auto asked = settings_of(spec);
    if (!asked) return std::move(asked).error();
    auto settings = read(section(), *asked);
    if (!settings) return std::move(settings).error();
    auto inputs = specs(settings->node("inputs"), "x");
    if (!inputs) return std::move(inputs).error();
    auto outputs = specs(settings->node("outputs"), "y");
    if (!outputs) return std::move(outputs).error();
    fake::Options options;
    options.signature = {"serving_default", std::move(*inputs), std::move(*outputs)};
    options.function = function(settings->string("function"));
    options.value = settings->number("value");
    options.fail_when = when(*settings, "fail_when");
    options.fail_code = *code_from(settings->string("fail_code"));
    options.fail_times = settings->integer("fail_times");
    options.hang_when = when(*settings, "hang_when");
    options.hang_for = std::chrono::milliseconds(settings->integer("hang_for"));
    options.crash_when = when(*settings, "crash_when");
    options.slow = std::chrono::milliseconds(settings->integer("slow"));
    options.async = settings->boolean("async");
    return std::unique_ptr<LoadedModel>(std::make_unique<fake::FakeModel>(std::move(options)));
  }
};

}  // namespace

RuntimeKind fake_runtime() {
  return {.name = "fake",
          .doc = "Deterministic, made of settings; for tests.",
          .section = &section(),
          .make = [] {
            static const auto runtime = std::make_shared<FakeRuntime>();
            return runtime;
          }};
}

}  // namespace thalweg
