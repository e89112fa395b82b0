// create, delete: topics of a round.
#include <memory>

#include "commands.h"
#include "kafka.h"

namespace thalweg::bench {

void add_topic_commands(CLI::App& app) {
  struct Options {
    std::string brokers;
    std::vector<std::string> topics;
    int partitions = 2;
  };
  const auto o = std::make_shared<Options>();
  const auto common = [&](CLI::App* command) {
    command->add_option("--brokers", o->brokers, "Bootstrap servers")
        ->envname("BENCH_BROKERS")
        ->required();
    command->add_option("topics", o->topics, "Topics")->required();
    return command;
  };
  CLI::App* const create = common(app.add_subcommand("create", "Creates topics"));
  create->add_option("--partitions", o->partitions, "Partitions of each")->capture_default_str();
  create->callback([o] {
    kafka::Admin admin = make_admin(o->brokers);
    for (const std::string& topic : o->topics) create_topic(admin, topic, o->partitions);
  });
  common(app.add_subcommand("delete", "Deletes topics"))->callback([o] {
    kafka::Admin admin = make_admin(o->brokers);
    for (const std::string& topic : o->topics) delete_topic(admin, topic);
  });
}

}  // namespace thalweg::bench
