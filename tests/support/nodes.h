// Settings written as YAML in the middle of a test.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "thalweg/registry.h"

#include "config/yaml_reader.h"

namespace thalweg::support {

// The node of a YAML text; a test that misspells YAML itself fails here.
inline Node node(const std::string& text) {
  auto read = read_yaml(text, {.name = "test.yaml"});
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message());
  return read.ok() ? std::move(read).value() : Node();
}

// An operator by the name and settings a pipeline file would give it.
inline Result<std::unique_ptr<Operator>> make_operator(
    const Registry& registry, std::string_view kind, const std::string& settings,
    const Schema& input, const Schema* coarser = nullptr, ModelProvider* models = nullptr,
    ScoreObserver* observer = nullptr) {
  const OperatorKind* op = registry.op(kind);
  if (op == nullptr) return Error(Code::internal, "test: no operator of that name");
  auto values = read(*op->section, node(settings));
  if (!values) return std::move(values).error();
  OperatorContext context;
  context.input = &input;
  context.coarser = coarser;
  context.models = models;
  context.registry = &registry;
  context.observer = observer;
  context.where = "step " + std::string(kind);
  return op->make(*values, context);
}

}  // namespace thalweg::support
