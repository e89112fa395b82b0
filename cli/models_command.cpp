#include "cli/models_command.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/control_client.h"
#include "cli/models_view.h"
#include "cli/pipeline_options.h"
#include "cli/publish_view.h"
#include "control/change.h"
#include "control/shown.h"
#include "model/uri.h"
#include "model/variant_section.h"
#include "run/controlled_models.h"
#include "run/exit_code.h"
#include "run/version_trial.h"

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;
using States = std::map<std::string, DesiredModel>;

struct Options {
  std::string action;
  PipelineOptions pipeline;
  std::string model;
  std::vector<std::string> what;
  std::string url, by, why, topic;
  std::optional<double> cpu_share;  // none: as it is
  bool dry_run = false, json = false, wait = false;
  std::int64_t wait_s = 60;
  std::optional<std::int64_t> if_epoch;  // none: the one that is read
  PublishWords publish;
  bool route = false;  // what was published
  std::string label;
};

int usage(const std::string& message) {
  fmt::print(stderr, "error: thalweg models: {}\n", message);
  return exit_usage;
}

Result<DesiredModel> state_of(const Node& node, const char* name) {
  const Node* found = node.find(name);
  if (found == nullptr) return Error(Code::config_invalid, "status: expected a state; got none");
  return control::parse_state(*found);
}

int print_status(const Options& options, ControlClient& client, const States& states) {
  for (const auto& [model, file_state] : states) {
    if (!options.model.empty() && model != options.model) continue;
    auto status = client.status(model);
    if (!status) return report(status.error());
    if (options.json) {
      fmt::print("{}\n", status->to_json());
      continue;
    }
    auto state = state_of(*status, "state");
    if (!state) return report(state.error());
    const bool record = text_of(*status, "source") == "control";
    fmt::print("{}: {}", model, control::describe(*state));
    if (!record) {
      fmt::print("   (the pipeline file)\n");
    } else {
      const std::string by = text_of(*status, "by"), why = text_of(*status, "why");
      fmt::print("   (epoch {}, {} by {}, {}{}{})\n", text_of(*status, "epoch"),
                 text_of(*status, "action"), by.empty() ? "nobody named" : by,
                 text_of(*status, "at"), why.empty() ? "" : ": ", why);
    }
    if (options.action == "list") continue;
    if (record && *state != control::shown(file_state))
      fmt::print("  the pipeline file says {}\n", control::describe(file_state));
    if (flag_of(*status, "paused")) fmt::print("  the pipeline is paused\n");
    print_processes(*status);
  }
  return exit_ok;
}

// An address has its manifest's hash behind a '=', which may not stand in its scheme.
bool is_version(const std::string& what) {
  return what.substr(0, what.find(":/")).find('=') == std::string::npos;
}

Result<DesiredModel> routed(const DesiredModel& now, const std::vector<std::string>& what) {
  if (what.size() == 1 && is_version(what.front()))
    return control::with_all_traffic(now, what.front());
  std::vector<control::RouteChange> changes;
  for (const std::string& text : what) {
    auto change = control::parse_route(text);
    if (!change) return std::move(change).error();
    changes.push_back(*std::move(change));
  }
  return control::with_route(now, changes);
}

Result<DesiredModel> labelled(DesiredModel now, const std::vector<std::string>& what) {
  for (const std::string& text : what) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error(Code::config_invalid,
                   fmt::format("label: expected LABEL=VERSION, or LABEL= to take it away; got "
                               "'{}'; write stable=3",
                               shown_uri(text)));
    auto next =
        control::with_label(std::move(now), text.substr(0, equals), text.substr(equals + 1));
    if (!next) return next;
    now = *std::move(next);
  }
  return now;
}

// The state that the action asks for; none: the pipeline file's.
Result<std::optional<DesiredModel>> next_state(const Options& options, const Node& status) {
  auto now = state_of(status, "state");
  if (!now) return std::move(now).error();
  Result<DesiredModel> next = *now;
  if (options.action == "reset") return std::optional<DesiredModel>();
  if (options.action == "rollback") {
    const Node* before = status.find("before");
    if (before == nullptr || before->is_null())
      return Error(Code::config_invalid,
                   fmt::format("rollback: expected a change to take back; model '{}' follows the "
                               "pipeline file; set a version with `thalweg models route`",
                               options.model));
    next = state_of(*before, "state");
  }
  if (options.action == "route") next = routed(*now, options.what);
  if (options.action == "label") next = labelled(*now, options.what);
  if (options.action == "shadow") {
    const std::string& version = options.what.front();
    const double present = now->shadow.value_or(DesiredShadow{}).cpu_share;
    next = control::with_shadow(
        *now, version == "off" ? std::nullopt
                               : std::optional(DesiredShadow{version, options.topic,
                                                             options.cpu_share.value_or(present)}));
  }
  if (!next) return std::move(next).error();
  return std::optional(*std::move(next));
}

// What answers is there. Who asked for the shadow itself finds out by the exit code that it is not.
int tell_of_shadows(const Options& options, const Shadows& shadows) {
  for (const std::string& why : shadows.refused)
    fmt::print(stderr, "warning: the shadow sees no rows in {}\n", why);
  return options.action == "shadow" && !shadows.refused.empty() ? exit_findings : exit_ok;
}

int wait_for_all(const Options& options, ControlClient& client, std::int64_t epoch) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(options.wait_s);
  for (;;) {
    auto status = client.status(options.model);
    if (!status) return report(status.error());
    const Shadows shadows = shadows_of(*status);
    if (flag_of(*status, "converged") && !shadows.pending) {
      if (!options.json) fmt::print("every live process serves epoch {}\n", epoch);
      return tell_of_shadows(options, shadows);
    }
    if (std::chrono::steady_clock::now() > until) {
      print_processes(*status);
      return report(
          Error(Code::timed_out,
                fmt::format("--wait: expected every live process to serve epoch {} within "
                            "{} s; it is written, and not all do; see above",
                            epoch, options.wait_s)));
    }
    std::this_thread::sleep_for(50ms);
  }
}

bool follows_latest(const DesiredModel& state) {
  return std::any_of(state.variants.begin(), state.variants.end(),
                     [](const DesiredVariant& v) { return v.version == "latest"; });
}

int change(const Options& options, ControlClient& client, const States& states) {
  auto status = client.status(options.model);
  if (!status) return report(status.error());
  auto next = next_state(options, *status);
  if (!next) return report(next.error());
  const auto now = state_of(*status, "state");
  if (!now) return report(now.error());
  const WantedChange wanted{
      options.model,  options.action,
      *next,          options.if_epoch.value_or(status->find("epoch")->as_integer().value_or(-1)),
      options.by,     options.why,
      options.dry_run};
  auto written = client.write(wanted);
  if (!written) return report(written.error());
  const DesiredModel& to = *next ? **next : states.at(options.model);
  if (options.json) {
    const Node line = Node::map({{"model", Node::scalar(options.model, true)},
                                 {"written", Node::scalar(written->written ? "true" : "false")},
                                 {"epoch", Node::scalar(std::to_string(written->epoch))},
                                 {"from", control::state_node(control::shown(*now))},
                                 {"to", control::state_node(control::shown(to))},
                                 {"warning", Node::scalar(written->warning, true)}});
    fmt::print("{}\n", line.to_json());
  } else {
    fmt::print("{}: {} → {}{}\n", options.model, control::describe(*now), control::describe(to),
               *next ? "" : " (the pipeline file)");
    if (written->written) fmt::print("epoch {} in {}\n", written->epoch, client.where());
    if (!written->written)
      fmt::print("{}\n", options.dry_run ? "nothing is written (--dry-run)" : "that is so already");
  }
  if (!written->warning.empty()) fmt::print(stderr, "warning: {}\n", written->warning);
  if (written->written && *next && follows_latest(to))
    fmt::print(stderr,
               "note: each process finds the latest version for itself when it looks into its "
               "folder (`poll`), and moves alone; a number moves all of them together\n");
  if (!options.wait || options.dry_run) return exit_ok;
  std::fflush(stdout);
  return wait_for_all(options, client, written->epoch);
}

Result<std::unique_ptr<ControlClient>> client_of(const Options& options, const PipelineFile& file,
                                                 const States& states) {
  if (options.url.empty()) return log_client(file, states);
  return http_client(options.url, token_for(file), file.values.string("pipeline"));
}

std::string mistake_in(const Options& options, const States& states) {
  const bool shows = options.action == "list" || options.action == "status";
  const bool needs_what = options.action == "route" || options.action == "label" ||
                          options.action == "shadow" || options.action == "publish";
  std::vector<std::string> names;
  for (const auto& [name, state] : states) names.push_back(name);
  if (options.model.empty() && !shows && names.size() != 1)
    return fmt::format("{}: expected a model of the pipeline, one of {}; got none", options.action,
                       quoted_list(names));
  if (!options.model.empty() && !states.contains(options.model))
    return fmt::format("{}: expected one of {}; got '{}'.{}", options.action, quoted_list(names),
                       options.model, did_you_mean(options.model, names));
  if (needs_what == options.what.empty())
    return needs_what ? options.action +
                            ": expected what is wanted; got nothing; see the examples "
                            "of thalweg models --help"
                      : options.action + ": expected nothing behind the model; got '" +
                            shown_uri(options.what.front()) + "'";
  return {};
}

// Into the folder that the pipeline's model is served from, tried as this pipeline uses it; then the changes that were asked for with it.
int publish_into(Options& options, const PipelineFile& file, const States& states) {
  if (options.what.size() != 1)
    return usage(
        fmt::format("publish: expected one folder behind the model; got {}", options.what.size()));
  if (options.dry_run) return usage("publish: expected no --dry-run; try thalweg check instead");
  auto base = base_of(file, options.model, builtins());
  if (!base) return report(base.error());
  // Whether the changes can be written is known before anything appears.
  auto client = options.route || !options.label.empty() ? client_of(options, file, states)
                                                        : std::unique_ptr<ControlClient>();
  if (!client) return report(client.error());
  options.publish.wanted.base = *base;
  options.publish.wanted.try_as = [&](const std::string& folder, std::int64_t) {
    return try_in_pipeline(file, options.model, folder, builtins());
  };
  auto done = options.publish.run(options.what.front(), options.json);
  if (!done) return report(done.error());
  std::fflush(stdout);
  const std::string number = std::to_string(done->version);
  int code = exit_ok;
  if (!options.label.empty()) {
    options.action = "label";
    options.what = {options.label + "=" + number};
    code = change(options, **client, states);
  }
  if (options.route && code == exit_ok) {
    options.action = "route";
    options.what = {number};
    code = change(options, **client, states);
  }
  return code;
}

// What the record itself does not show: that the topic is one of the pipeline's own.
std::string mistake_in_topic(const Options& options, const PipelineFile& file) {
  if (options.topic.empty()) return {};
  if (options.action != "shadow" || options.what.front() == "off")
    return "--topic: expected a shadow's version in front of it; got '" + options.action + "'";
  const auto own = own_topics(file.values);
  if (std::find(own.begin(), own.end(), options.topic) == own.end()) return {};
  return fmt::format(
      "shadow: --topic: expected a topic that the pipeline does not use otherwise; got '{}'; name "
      "another one",
      options.topic);
}

int models(Options& options) {
  auto file = options.pipeline.read(options.pipeline.path());
  if (!file) return report(file.error());
  auto states = file_states(*file, builtins());
  if (!states) return report(states.error());
  if (std::string mistake = mistake_in(options, *states); !mistake.empty()) return usage(mistake);
  if (std::string mistake = mistake_in_topic(options, *file); !mistake.empty())
    return usage(mistake);
  const bool shows = options.action == "list" || options.action == "status";
  if (options.model.empty() && !shows) options.model = states->begin()->first;
  if (options.by.empty()) {
    const char* user = std::getenv("USER");
    options.by = user == nullptr ? "" : user;
  }
  if (options.action == "publish") return publish_into(options, *file, *states);
  auto client = client_of(options, *file, *states);
  if (!client) return report(client.error());
  return shows ? print_status(options, **client, *states) : change(options, **client, *states);
}

}  // namespace

void add_models_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "models", "Show and change which model versions a running pipeline uses",
      "  thalweg models list fraud.yaml\n"
      "  thalweg models status fraud.yaml                      what every process serves\n"
      "  thalweg models route fraud.yaml scorer 4              all traffic, in all processes\n"
      "  thalweg models route fraud.yaml scorer b=10%@4        a tenth of the keys\n"
      "  thalweg models route fraud.yaml scorer b=20% --wait   and wait until all do\n"
      "  thalweg models shadow fraud.yaml scorer 5 --topic scores.shadow\n"
      "  thalweg models shadow fraud.yaml scorer off\n"
      "  thalweg models label fraud.yaml scorer stable=4\n"
      "  thalweg models rollback fraud.yaml scorer --why 'more chargebacks'\n"
      "  thalweg models reset fraud.yaml scorer                back to the pipeline file\n"
      "  thalweg models publish fraud.yaml scorer export       try it, and let it appear as the "
      "next "
      "version\n"
      "  thalweg models publish fraud.yaml scorer export --label next --route --wait\n"
      "\nThe state is kept in control.topic, or in state_directory for a single process. With "
      "--url "
      "a running process writes it.",
      [options] { return models(*options); });
  command
      .add_option("action", options->action,
                  "list, status, route, label, shadow, rollback, reset or publish")
      .required()
      .one_of({"list", "status", "route", "label", "shadow", "rollback", "reset", "publish"});
  options->pipeline.declare_first_file(command);
  command.add_option("model", options->model, "The model; may be left out where there is one")
      .type_name("MODEL");
  command
      .add_option(
          "what", options->what,
          "route: a version (a number, a label, latest, an address), or NAME=SHARE%@VERSION; "
          "label: LABEL=VERSION; shadow: a version, or off; publish: the version's folder or file")
      .type_name("WHAT");
  command.add_option("--url", options->url, "Ask this process, as http://127.0.0.1:8080")
      .type_name("URL");
  command.add_option("--by", options->by, "Who does it, for the history; else $USER")
      .type_name("NAME");
  command.add_option("--why", options->why, "Why, for the history").type_name("TEXT");
  command.add_option("--topic", options->topic, "shadow: where its outputs go").type_name("TOPIC");
  command
      .add_option("--cpu-share", options->cpu_share,
                  "shadow: of one core, at most; not given: as it is, or 0.5 for a new shadow")
      .range(cpu_share_min, cpu_share_max);
  command
      .add_option("--if-epoch", options->if_epoch,
                  "Only if this epoch is the present one, as status tells it; -1: no record yet")
      .type_name("EPOCH");
  command.add_flag("--dry-run", options->dry_run, "Only say what would be written");
  command.add_flag("--wait", options->wait, "Until every live process serves it");
  command.add_option("--timeout", options->wait_s, "How long --wait waits")
      .capture_default_str()
      .range(1, 86400)
      .type_name("SECONDS");
  command.add_flag("--json", options->json, "One JSON object a line, for scripts");
  options->publish.declare(command);
  command.add_option("--label", options->label, "publish: this label names the new version")
      .type_name("LABEL");
  command.add_flag("--route", options->route, "publish: all traffic goes to the new version");
}

}  // namespace thalweg::cli
