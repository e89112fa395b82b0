// What an App keeps: the pipeline as a settings tree, growing with every call, and the functions registered for it.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "thalweg/app.h"

#include "config/pipeline.h"
#include "run/process.h"

namespace thalweg {

struct App::Impl {
  explicit Impl(App& app) : stream(app) {}

  Registry registry;
  Node root;
  Node models = Node::map({});
  std::vector<Node> steps;
  std::vector<Node> outputs;
  Overrides overrides;
  Stream stream;
  std::optional<Error>
      mistake;  // the first one in the settings given as text; told when the pipeline is built

  std::mutex process_mutex;  // request_stop may come from any thread
  Process* process = nullptr;
  bool stop_wanted = false;

  // Reads settings given as text.
  Node parse(std::string_view yaml, std::string_view what);
  void running(Process* now);
};

}  // namespace thalweg
