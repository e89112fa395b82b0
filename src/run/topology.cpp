#include "run/topology.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg {
namespace {

template <class Kind>
std::string unknown_kind(std::string_view what, std::string_view name,
                         const std::vector<Kind>& kinds) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  return fmt::format("{} was expected to be one of {}; got '{}'.{}", what, quoted_list(names), name,
                     did_you_mean(name, names));
}

OnNull on_null_of(const std::string& text) {
  if (text == "drop") return OnNull::drop;
  return text == "forward" ? OnNull::forward : OnNull::dead;
}

Intake intake_of(const Values& from) {
  Intake intake;
  intake.on_null = on_null_of(from.string("on_null"));
  if (from.has("max_age")) intake.max_age_ms = from.integer("max_age");
  intake.value_bytes_max = static_cast<std::size_t>(from.integer("value_bytes_max"));
  return intake;
}

Result<std::unique_ptr<Decoder>> build_decoder(const Values& from, const Registry& registry) {
  const std::string& format = from.string("format");
  const DecoderKind* kind = registry.decoder(format);
  if (kind == nullptr) {
    return config_error(from.where("format"),
                        unknown_kind("from.format", format, registry.decoders()));
  }
  auto settings = read_format_settings(from_section(), from, kind->section);
  if (!settings) return std::move(settings).error();
  return kind->make(*settings, from.node("fields"));
}

// What the steps are built with, and where the rows of the next one come from.
struct Building {
  const Registry& registry;
  ModelProvider& models;
  ScoreObserver* observer;
  monitor::LoggedFeatures* features;  // null: the log wants none
  std::vector<Schema> coarser{};  // put aside by the steps of Grain::finer so far, the nearest last
  std::vector<std::size_t> grains{monitor::LoggedFeatures::records};  // and theirs
  std::size_t last_grain = monitor::LoggedFeatures::records;
};

// Who is told what the models of the next step answer.
ScoreObserver* observer_of_step(const Building& building, Chain& chain) {
  if (building.features == nullptr) return building.observer;
  auto& both = *chain.observers.emplace_back(std::make_unique<monitor::Observers>());
  if (building.observer != nullptr) both.add(*building.observer);
  both.add(building.features->step(building.grains.back()));
  return &both;
}

Status add_step(const Step& step, Building& building, Chain& chain) {
  const OperatorKind* kind = building.registry.op(step.kind);
  if (kind == nullptr)
    return config_error(step.where,
                        unknown_kind("the step", step.kind, building.registry.operators()));
  auto settings = read(*kind->section, step.settings);
  if (!settings) return std::move(settings).error();
  const Schema& input = chain.schema();
  OperatorContext context{.input = &input,
                          .coarser = building.coarser.empty() ? nullptr : &building.coarser.back(),
                          .models = &building.models,
                          .registry = &building.registry,
                          .where = step.label(),
                          .observer = observer_of_step(building, chain)};
  auto op = kind->make(*settings, context);
  if (!op) return std::move(op).error();
  if ((*op)->grain() == Grain::finer) {
    building.coarser.push_back(input);
    building.grains.push_back(++building.last_grain);
  }
  if ((*op)->grain() == Grain::coarser) {  // it was there, or `make` had refused
    building.coarser.pop_back();
    building.grains.pop_back();
  }
  chain.steps.push_back(
      {step.kind, step.name.empty() ? step.kind : step.name, std::move(op).value()});
  return {};
}

// `key:` is null (no key), `input` (the default), or a column.
Status bind_key(const Values& to, const Schema& schema, const Registry& registry, Output& output) {
  if (!to.given("key")) return {};
  const Node& key = to.node("key");
  if (key.is_null() || (key.is_scalar() && !key.quoted() && key.text() == "null")) {
    output.without_key = true;
    return {};
  }
  if (key.is_scalar() && key.text() == "input") return {};
  const EncoderKind* kind = registry.encoder("text");
  auto settings = read(*kind->section, Node::map({}));
  if (!settings) return std::move(settings).error();
  auto encoder = kind->make(*settings, key, schema);
  if (!encoder) return std::move(encoder).error();
  output.key = std::move(encoder).value();
  return {};
}

Result<Output> build_output(const Values& to, const Schema& schema, const Registry& registry) {
  const std::string& format = to.string("format");
  const EncoderKind* kind = registry.encoder(format);
  if (kind == nullptr)
    return config_error(to.where("format"), unknown_kind("to.format", format, registry.encoders()));
  auto settings = read_format_settings(to_section(), to, kind->section);
  if (!settings) return std::move(settings).error();
  auto encoder = kind->make(*settings, to.node("value"), schema);
  if (!encoder) return std::move(encoder).error();
  Output output;
  output.topic = to.string("topic");
  output.value = std::move(encoder).value();
  output.carry_headers = to.string("headers") != "none";
  if (Status key = bind_key(to, schema, registry, output); !key.ok()) return std::move(key).error();
  if (to.given("when")) {
    auto when = Condition::bind(to.node("when"), schema);
    if (!when) return std::move(when).error();
    output.when.emplace(std::move(when).value());
  }
  return output;
}

// Tombstones that are forwarded need an output that takes every record.
Status check_nulls(const Values& from, const Chain& chain) {
  const auto& outputs = chain.outputs.outputs();
  const bool somewhere =
      std::any_of(outputs.begin(), outputs.end(), [](const Output& o) { return !o.when; });
  if (chain.intake.on_null != OnNull::forward || somewhere) return {};
  return config_error(from.where("on_null"),
                      "on_null: forward needs an output without `when`, which a null value can go "
                      "to; add one, or use drop or dead");
}

// Null: the inference log wants nothing of what steps make.
std::unique_ptr<monitor::LoggedFeatures> features_for_log(const Values& pipeline,
                                                          const Registry& registry) {
  if (!pipeline.given("inference_log")) return nullptr;
  const Values& log = pipeline.section("inference_log");
  monitor::LoggedFeaturesOptions options{
      .names = log.strings("features"), .mask = log.strings("mask"), .share = log.number("share")};
  if (options.names.empty()) return nullptr;
  return std::make_unique<monitor::LoggedFeatures>(std::move(options), registry);
}

Status add_log(const Values& pipeline, const Registry& registry, ModelProvider& models,
               std::unique_ptr<monitor::LoggedFeatures> features, Chain& chain) {
  if (!pipeline.given("inference_log")) return {};
  const Values& log = pipeline.section("inference_log");
  auto made =
      monitor::InferenceLog::make({.topic = log.string("topic"),
                                   .share = log.number("share"),
                                   .fields = log.strings("fields"),
                                   .mask = log.strings("mask"),
                                   .epochs = log.boolean("epochs"),
                                   .where = log.where(),
                                   .features = log.strings("features"),
                                   .maskable = chain.columns()},
                                  chain.decoder->schema(), chain.schema(), registry, models);
  if (!made) return std::move(made).error();
  (*made)->take_features_from(std::move(features));
  chain.outputs.log_to(std::move(made).value());
  return {};
}

}  // namespace

Result<std::unique_ptr<Chain>> build_chain(const PipelineFile& file, const Registry& registry,
                                           ModelProvider& models, ScoreObserver* observer) {
  const Values& from = file.values.section("from");
  auto chain = std::make_unique<Chain>();
  chain->intake = intake_of(from);
  auto decoder = build_decoder(from, registry);
  if (!decoder) return std::move(decoder).error();
  chain->decoder = std::move(decoder).value();

  auto steps = steps_of(file.values.node("steps"));
  if (!steps) return std::move(steps).error();
  auto features = features_for_log(file.values, registry);
  Building building{registry, models, observer, features.get()};
  for (const Step& step : *steps) {
    if (Status added = add_step(step, building, *chain); !added.ok())
      return std::move(added).error();
  }
  if (features != nullptr) features->logged_at(building.grains.back());
  for (const Values& to : file.values.sections("to")) {
    auto output = build_output(to, chain->schema(), registry);
    if (!output) return std::move(output).error();
    chain->outputs.add(std::move(output).value());
  }
  if (chain->outputs.outputs().empty()) {
    return config_error(
        file.values.where("to"),
        "to: at least one output was expected; got none; every record would be read, "
        "scored and forgotten: name a topic");
  }
  if (Status nulls = check_nulls(from, *chain); !nulls.ok()) return std::move(nulls).error();
  if (Status log = add_log(file.values, registry, models, std::move(features), *chain); !log.ok())
    return std::move(log).error();
  return chain;
}

Result<std::optional<std::uint16_t>> add_targets(const PipelineFile& file,
                                                 std::span<const std::unique_ptr<Chain>> chains,
                                                 Sink& sink) {
  const std::size_t outputs = chains.front()->outputs.outputs().size();
  for (std::size_t i = 0; i < outputs; ++i) {
    auto target = sink.add_target(chains.front()->outputs.outputs()[i].topic);
    if (!target) return std::move(target).error();
    for (const auto& chain : chains) chain->outputs.outputs()[i].target = *target;
  }
  if (monitor::InferenceLog* log = chains.front()->outputs.log()) {
    auto target = sink.add_target(log->topic());
    if (!target) return std::move(target).error();
    for (const auto& chain : chains) chain->outputs.log()->set_target(*target);
  }
  if (!file.values.given("dead_letters")) return std::optional<std::uint16_t>{};
  auto target = sink.add_target(file.values.section("dead_letters").string("topic"));
  if (!target) return std::move(target).error();
  return std::optional<std::uint16_t>{*target};
}

}  // namespace thalweg
