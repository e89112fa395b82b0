#include "cli/dead_command.h"

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_set>

#include <fmt/format.h>

#include "cli/dead_topic.h"
#include "cli/pipeline_options.h"
#include "cli/terminal.h"
#include "config/json_text.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  std::string action;
  DeadSelection selection;
  std::string offsets, since, until;
  std::int64_t partition = -1;
  std::size_t limit = 0;  // 0: no limit
  bool json = false, dry_run = false, all = false, again = false, replayed = false;
  std::size_t timeout_s = 10;
};

int usage(const std::string& what) {
  fmt::print(stderr, "error: thalweg dead: {}\n", what);
  return exit_usage;
}

Result<std::optional<std::int64_t>> time_of(const std::string& option, const std::string& text) {
  if (text.empty()) return std::optional<std::int64_t>();
  auto start = parse_start(text);
  if (!start || start->kind != Start::Kind::time)
    return Error(Code::config_invalid,
                 fmt::format("{}: expected a time, as 2026-05-01T08:00:00Z, or milliseconds since "
                             "1970; got '{}'",
                             option, text));
  return std::optional<std::int64_t>(start->time.ms);
}

Status complete(Options& options) {
  if (!options.offsets.empty()) {
    auto offsets = parse_offsets(options.offsets);
    if (!offsets) return std::move(offsets).error();
    options.selection.offsets = *offsets;
  }
  if (options.partition >= 0) options.selection.partition = static_cast<int>(options.partition);
  auto since = time_of("--since", options.since);
  if (!since) return std::move(since).error();
  options.selection.since_ms = *since;
  auto until = time_of("--until", options.until);
  if (!until) return std::move(until).error();
  options.selection.until_ms = *until;
  return {};
}

int list(const Options& options, DeadTopics& topics) {
  DeadGroups groups;
  auto partitions = topics.read([&](DeadLetter&& letter) {
    if (options.selection.holds(letter)) groups.add(letter);
    return true;
  });
  if (!partitions) return report(partitions.error());
  if (options.json) {
    fmt::print("{}", groups.to_json());
    return exit_ok;
  }
  fmt::print("{}: {} in {}\n{}", topics.topic(), counted(groups.count(), "dead letter"),
             counted(static_cast<std::uint64_t>(*partitions), "partition"),
             groups.to_text(columns(stdout)));
  return exit_ok;
}

int show(const Options& options, DeadTopics& topics) {
  const std::size_t limit = options.limit == 0 ? 1 : options.limit;
  std::size_t count = 0;
  auto partitions = topics.read([&](DeadLetter&& letter) {
    if (!options.selection.holds(letter)) return true;
    fmt::print("{}{}", options.json ? to_json(letter) : to_text(letter), options.json ? "\n" : "");
    return ++count < limit;
  });
  if (!partitions) return report(partitions.error());
  if (count > 0) return exit_ok;
  fmt::print(stderr, "{}: no such dead letter\n", topics.topic());
  return exit_findings;
}

// What becomes of letters that were chosen, by reason, for the last lines.
struct Replayed {
  std::uint64_t sent = 0, before = 0, too_often = 0;
};

void print_json(const Options& options, const std::string& topic, const Replayed& counts) {
  fmt::print(
      "{{\"topic\":{},\"dry_run\":{},\"sent\":{},\"sent_before\":{},\"replays_max_reached\":{}}}\n",
      config::json_string(topic), options.dry_run, counts.sent, counts.before, counts.too_often);
}

void print_text(const Options& options, const std::string& topic, const Replayed& counts,
                int replays_max) {
  fmt::print("{}: {}{}\n", topic, counted(counts.sent, "dead letter"),
             options.dry_run ? " would be sent again" : " sent again");
  if (counts.before > 0)
    fmt::print("{} in the retry topic already, not sent (--again sends them)\n",
               thousands(counts.before));
  if (counts.too_often > 0)
    fmt::print("{} died after {} of them, not sent (dead_letters.replays_max)\n",
               thousands(counts.too_often),
               counted(static_cast<std::uint64_t>(replays_max), "replay"));
}

int replay(const Options& options, DeadTopics& topics, int replays_max) {
  auto before = topics.replayed();
  if (!before) return report(before.error());
  const std::unordered_set<std::string> there(before->begin(), before->end());
  Replayed counts;
  Status failed;
  auto partitions = topics.read([&](DeadLetter&& letter) {
    if (!options.selection.holds(letter)) return true;
    if (!options.again && there.contains(letter.place())) {
      ++counts.before;
    } else if (letter.replays() >= replays_max) {
      ++counts.too_often;
    } else {
      if (!options.dry_run) failed = topics.send(letter);
      if (!failed.ok()) return false;
      if (options.dry_run && options.json) fmt::print("{}\n", to_json(letter));
      ++counts.sent;
    }
    return options.limit == 0 || counts.sent < options.limit;
  });
  if (!partitions) return report(partitions.error());
  Status flushed = topics.flush();
  if (!failed.ok()) return report(failed.error());
  if (!flushed.ok()) return report(flushed.error());
  if (options.json) {
    print_json(options, topics.topic(), counts);
  } else {
    print_text(options, topics.topic(), counts, replays_max);
  }
  return exit_ok;
}

// Kafka deletes from the beginning of a partition only: so what goes is, in each partition, the run of chosen letters at its
// beginning. A letter that was not chosen is never deleted, and neither is what lies behind it.
struct Head {
  bool open = true;
  Offset before{-1};
  std::uint64_t dropped = 0;
};

// For people or for scripts. `behind`: chosen, and not to be reached.
void print_dropped(const Options& options, const std::string& topic, std::uint64_t dropped,
                   std::uint64_t behind, const std::vector<CutOff>& cuts) {
  if (options.json) {
    std::string partitions;
    for (const CutOff& cut : cuts)
      partitions +=
          fmt::format("{}{{\"partition\":{},\"before_offset\":{}}}", partitions.empty() ? "" : ",",
                      cut.partition.value, cut.before.value);
    fmt::print(
        "{{\"topic\":{},\"dry_run\":{},\"dropped\":{},\"stay_behind_others\":{},\"partitions\":[{}]"
        "}}\n",
        config::json_string(topic), options.dry_run, dropped, behind, partitions);
    return;
  }
  fmt::print("{}: {} {}dropped\n", topic, counted(dropped, "dead letter"),
             options.dry_run ? "would be " : "");
  for (const CutOff& cut : cuts)
    fmt::print("  partition {}: all before offset {}\n", cut.partition.value, cut.before.value);
  if (behind > 0)
    fmt::print(
        "{} chosen ones stay: Kafka deletes from the beginning of a partition, and they lie "
        "behind others that were not chosen\n",
        thousands(behind));
}

int drop(const Options& options, DeadTopics& topics) {
  std::unordered_set<std::string> there;
  if (options.replayed) {
    auto before = topics.replayed();
    if (!before) return report(before.error());
    there.insert(before->begin(), before->end());
  }
  std::map<int, Head> heads;
  std::uint64_t behind = 0, dropped = 0;
  auto partitions = topics.read([&](DeadLetter&& letter) {
    Head& head = heads[letter.at.partition.value];
    const bool chosen = options.selection.holds(letter) &&
                        (!options.replayed || there.contains(letter.place())) &&
                        (options.limit == 0 || dropped < options.limit);
    if (!chosen) {
      head.open = false;
    } else if (!head.open) {
      ++behind;
    } else {
      head.before = letter.offset.next();
      ++head.dropped;
      ++dropped;
    }
    return true;
  });
  if (!partitions) return report(partitions.error());
  std::vector<CutOff> cuts;
  for (const auto& [partition, head] : heads) {
    if (head.dropped > 0) cuts.push_back({{partition}, head.before});
  }
  if (!options.dry_run) {
    if (Status s = topics.cut_off(cuts); !s) return report(s.error());
  }
  print_dropped(options, topics.topic(), dropped, behind, cuts);
  return exit_ok;
}

int dead(Options& options) {
  if (Status s = complete(options); !s) return usage(s.error().message());
  const bool dropping = options.action == "drop";
  if (dropping && options.selection.everything() && !options.replayed && !options.all &&
      options.limit == 0)
    return usage(
        "drop: expected which letters; got none; choose some (--code, --until, "
        "--replayed, …), or write --all");
  if ((options.again && options.action != "replay") || (options.replayed && !dropping))
    return usage("--again belongs to replay, --replayed to drop");
  if (options.dry_run && (options.action == "list" || options.action == "show"))
    return usage("--dry-run belongs to replay and drop; " + options.action +
                 " writes nothing anyway; leave it out");
  if (options.all && !dropping)
    return usage("--all belongs to drop; without a choice " + options.action +
                 " takes all letters anyway; leave it out");
  auto file = options.pipeline.read(options.pipeline.path());
  if (!file) return report(file.error());
  auto topics = DeadTopics::open(*file, std::chrono::seconds(options.timeout_s));
  if (!topics) return report(topics.error());
  if (options.action == "list") return list(options, **topics);
  if (options.action == "show") return show(options, **topics);
  if (dropping) return drop(options, **topics);
  return replay(options, **topics,
                static_cast<int>(file->values.section("dead_letters").integer("replays_max")));
}

void declare_selection(Command& command, Options& options) {
  command.add_option("--code", options.selection.codes, "Only with this code; may be repeated")
      .type_name("CODE")
      .expected(1)
      .take_all();
  command.add_option("--stage", options.selection.stages, "Only of this stage; may be repeated")
      .type_name("STAGE")
      .expected(1)
      .take_all();
  command
      .add_option("--from-topic", options.selection.topics,
                  "Only records that were read from this topic; may be repeated")
      .type_name("TOPIC")
      .expected(1)
      .take_all();
  command.add_option("--partition", options.partition, "Only in this partition of the dead letters")
      .range(0, 1 << 30)
      .type_name("N");
  command.add_option("--offset", options.offsets, "Only at this offset, or in a range, as 10-20")
      .type_name("N");
  command
      .add_option("--since", options.since,
                  "Only records of this time or later: 2026-05-01T08:00:00Z, or ms since 1970")
      .type_name("TIME");
  command.add_option("--until", options.until, "Only records before this time").type_name("TIME");
  command.add_option("--limit", options.limit, "At most so many (show: 1 where not given)")
      .check(count_check)
      .type_name("N");
}

}  // namespace

void add_dead_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "dead", "List, show, send again or drop the dead letters of a pipeline",
      "  thalweg dead list fraud.yaml                          how many for which reason\n"
      "  thalweg dead show fraud.yaml --code not_json          one, with its headers\n"
      "  thalweg dead show fraud.yaml --partition 0 --offset 17\n"
      "  thalweg dead replay fraud.yaml --code wrong_type --dry-run\n"
      "  thalweg dead replay fraud.yaml --code wrong_type      to dead_letters.retry_topic; each "
      "once\n"
      "  thalweg dead drop fraud.yaml --replayed               those at the beginning that were "
      "sent again\n"
      "  thalweg dead drop fraud.yaml --all\n"
      "\nNo group is joined and no offset committed. Nothing is written by list and show, nor with "
      "--dry-run.",
      [options] { return dead(*options); });
  command.add_option("action", options->action, "list, show, replay or drop")
      .required()
      .one_of({"list", "show", "replay", "drop"});
  options->pipeline.declare_file(command);
  declare_selection(command, *options);
  command.add_flag("--dry-run", options->dry_run, "Only say what replay or drop would do");
  command.add_flag("--again", options->again, "replay: also what is in the retry topic already");
  command.add_flag("--replayed", options->replayed, "drop: only what is in the retry topic");
  command.add_flag("--all", options->all, "drop: all of them");
  command.add_flag("--json", options->json, "One JSON object a line, for scripts");
  command
      .add_option("--timeout", options->timeout_s,
                  "How long to wait for each answer of the brokers")
      .capture_default_str()
      .range(1, 3600)
      .type_name("SECONDS");
}

}  // namespace thalweg::cli
