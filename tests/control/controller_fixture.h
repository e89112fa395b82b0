// Processes that share a log in memory, with models that load when a test says so.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "control/change.h"
#include "control/controller.h"
#include "control/fake_models.h"

namespace thalweg::control::test {

// One process: its log, its board, its model, its controller.
struct Process {
  Process(const std::shared_ptr<MemoryEntries>& entries, const std::string& id, HandClock& clock,
          bool shared = true, double share = 1.0)
      : log(entries, shared), desk(log, clock) {
    ControllerOptions options;
    options.pipeline = "p";
    options.process = id;
    options.ready_share = share;
    options.news = [this](const ControlNews& n) { news.push_back(n.event + " " + n.text); };
    options.on_pause = [this](bool yes) { paused = yes; };
    options.ab = [this] { return ab; };
    controller = std::make_unique<Controller>(std::move(options), desk,
                                              std::vector<ControlledModel*>{&model}, clock);
  }
  FakeModel model{"m"};
  MemoryLog log;
  Desk desk;
  std::vector<std::string> news;
  bool paused = false;
  std::map<std::string, std::string> ab;
  std::unique_ptr<Controller> controller;
};

class ControllerTest : public ::testing::Test {
 protected:
  Result<Changed> set_version(Desk& desk, const std::string& version,
                              std::optional<std::int64_t> if_epoch = {}, bool dry = false) {
    ChangeRequest request;
    request.pipeline = "p";
    request.model = "m";
    request.action = "route";
    request.by = "ann";
    request.if_epoch = if_epoch;
    request.dry_run = dry;
    request.change = [&](const DesiredModel& now,
                         const Wanted&) -> Result<std::optional<DesiredModel>> {
      auto next = with_version(now, "", version);
      if (!next) return std::move(next).error();
      return std::optional(*next);
    };
    return desk.change(request);
  }
  static Result<Changed> reset(Desk& desk) {
    ChangeRequest request{"p", "m", "reset", "ann", "", {}, false, {}, {}};
    request.change = [](const DesiredModel&, const Wanted&) -> Result<std::optional<DesiredModel>> {
      return std::optional<DesiredModel>();
    };
    return desk.change(request);
  }
  std::shared_ptr<MemoryEntries> entries = std::make_shared<MemoryEntries>();
  HandClock clock;
};

}  // namespace thalweg::control::test
