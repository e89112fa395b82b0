// Everything a fault can lay hands on.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"

#include "chaos/broker.h"
#include "chaos/fleet.h"
#include "chaos/generator.h"
#include "chaos/ledger.h"
#include "chaos/pipeline_file.h"
#include "chaos/verifier.h"

namespace thalweg::chaos {

inline constexpr int input_partitions_max = 24;  // of the input, with those that are added

struct Settings {
  std::uint64_t seed = 0;
  double minutes = 10;
  bool short_form = false;
  std::vector<std::string> faults;  // empty: all
  Delivery delivery = Delivery::at_least_once;
  Protocol protocol = Protocol::cooperative;
  Lie lie = Lie::none;  // the run is broken on purpose, and must fail
  int per_second = 3000;
  int partitions = 8;  // so many that a third and a fourth process get some
  int processes = 2;
  std::string root;     // of the checkout
  std::string thalweg;  // the binary
  std::string folder;   // of this run: logs, result
  bool keep = false;    // broker data and logs, also of a run that passed
};

class Stage {
 public:
  explicit Stage(const Settings& settings);

  const Settings& settings;
  std::vector<std::string> troubles;  // whatever is wrong beside the ledger
  Proxy proxy;
  Broker broker;
  PipelineFile pipeline;
  // After open():
  std::unique_ptr<Generator> generator;
  std::unique_ptr<Verifier> verifier;
  std::unique_ptr<Fleet> fleet;

  // Starts all of it, and waits for the first outputs of every partition.
  void open();
  // Lets time pass and looks after the processes.
  void wait(Millis time);
  // From here the time to the first output counts: what is written from now on.
  void mark();
  // Until every partition has given something that was written after the mark. False when the time was over.
  [[nodiscard]] bool recover(Millis within);
  // Until what comes out is as young as half a second, or the time is over.
  void catch_up(Millis within);
  // Looks after the processes until `seen()`. False when the time was over.
  [[nodiscard]] bool until(const std::function<bool()>& seen, Millis within);
  struct Holder {
    std::size_t place;
    int partitions;  // 0: nobody held any in a minute
  };
  // A process that holds partitions: the first that does in an order of the seed. Waits for one.
  [[nodiscard]] Holder holder(Random& random);
  // How often mark was called.
  [[nodiscard]] std::size_t marks_set() const noexcept { return marks_set_; }
  // After the last process ended: time for the verifier to read what it wrote last.
  void wait_for_stragglers();
  [[nodiscard]] kafka::Admin admin() const;  // past the proxy
  void set_topic(const std::string& topic, const std::string& name, const std::string& value);
  void add_partition();
  // Of the input's first `partitions`: what the group has committed, -1 where nothing. An error is a coordinator that does not answer.
  [[nodiscard]] Result<std::vector<std::int64_t>> committed(std::size_t partitions) const;
  // What the broker says of the group and of transactions, for a look at a stream that stands still: into a file, whose path it gives.
  [[nodiscard]] std::string ask_the_broker() const;
  [[nodiscard]] std::string path(const std::string& file) const {
    return settings.folder + "/" + file;
  }
  // Does the file hold these words?
  [[nodiscard]] static bool said(const std::string& log, std::string_view words);
  [[nodiscard]] std::vector<std::string> run_command(const std::string& file) const;

 private:
  void set(rd_kafka_ResourceType_t type, const std::string& of, const std::string& name,
           const std::string& value);
  void set_group_times();

  std::size_t marks_set_ = 0;
};

}  // namespace thalweg::chaos
