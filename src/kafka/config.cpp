// Checking properties, and making librdkafka's configuration of them.
#include "kafka/config.h"

#include <utility>

#include "config/scalars.h"
#include "kafka/properties.h"

namespace thalweg::kafka {
namespace {

// Says in front of each error where it is: "tweets.yaml:4: kafka: …".
Error invalid(const Where& where, const std::string& message) {
  return config_error(where, "kafka: " + message);
}

std::string shown(const Property& p) {
  return p.secret || is_secret(p.name) ? "a value that is not shown" : "'" + p.value + "'";
}

// `scratch` takes the value as the real client would.
Status check_value(rd_kafka_conf_t* scratch, const Property& p) {
  char text[512] = "";
  switch (rd_kafka_conf_set(scratch, p.name.c_str(), p.value.c_str(), text, sizeof text)) {
    case RD_KAFKA_CONF_OK: return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return invalid(p.where, "librdkafka has no property '" + p.name + "'." +
                                  did_you_mean(p.name, property_names()));
    default:
      // librdkafka repeats the value in its text, which a secret forbids.
      return invalid(
          p.where,
          "'" + p.name + "' expects another value than " + shown(p) +
              (p.secret || is_secret(p.name) ? "" : "; librdkafka says: " + std::string(text)));
  }
}

// What a transaction bounds is free to be set where there are some.
bool bounded_by_transaction(std::string_view name) {
  return name == "transaction.timeout.ms" || name == "message.timeout.ms" ||
         name == "delivery.timeout.ms";
}

Status check(rd_kafka_conf_t* scratch, const Property& p, Role role, Transactions transactions) {
  const bool free = transactions == Transactions::yes && bounded_by_transaction(p.name);
  if (const std::string_view why = owned_because(p.name); !why.empty() && !free) {
    return invalid(p.where, "'" + p.name + "' cannot be set: " + std::string(why));
  }
  const Scope scope = scope_of(p.name);
  if (role == Role::consumer && scope == Scope::producer) {
    return invalid(p.where,
                   "'" + p.name + "' is a producer's property; put it under the outputs' `kafka`");
  }
  if (role == Role::producer && scope == Scope::consumer) {
    return invalid(p.where,
                   "'" + p.name + "' is a consumer's property; put it under the source's `kafka`");
  }
  return check_value(scratch, p);
}

Status check_all(rd_kafka_conf_t* scratch, const std::vector<Property>& properties, Role role,
                 Transactions transactions) {
  for (const Property& p : properties) {
    if (Status s = check(scratch, p, role, transactions); !s) return s;
  }
  return {};
}

Status check_brokers(const Config& config) {
  if (!config.brokers().empty()) return {};
  return invalid({},
                 "expected bootstrap.servers; got none; for example "
                 "`kafka: { bootstrap.servers: \"localhost:9092\" }`");
}

bool meant_for(const Property& p, Role role) {
  const Scope scope = scope_of(p.name);
  return scope == Scope::both || (scope == Scope::consumer && role == Role::consumer) ||
         (scope == Scope::producer && role == Role::producer);
}

const std::vector<Property>* own_section(const Config& config, Role role) {
  return role == Role::consumer   ? &config.consumer
         : role == Role::producer ? &config.producer
                                  : nullptr;
}

Status set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char text[512] = "";
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text) == RD_KAFKA_CONF_OK) {
    return {};
  }
  return Error(Code::config_invalid, "kafka: '" + name + "': " +
                                         (is_secret(name) ? "librdkafka refuses the value" : text));
}

}  // namespace

bool is_secret(std::string_view property) {
  for (std::string_view word : {"password", "secret", "ssl.key.pem", "sasl.jaas",
                                "oauthbearer.config", "private.key.pem", "passphrase"}) {
    if (property.find(word) != std::string_view::npos) return true;
  }
  return false;
}

std::string Config::value(Role role, std::string_view name) const {
  std::string found;
  for (const Property& p : shared) {
    if (p.name == name) found = p.value;
  }
  if (const auto* own = own_section(*this, role)) {
    for (const Property& p : *own) {
      if (p.name == name) found = p.value;
    }
  }
  if (found.empty() && name == "bootstrap.servers") return value(role, "metadata.broker.list");
  return found;
}

std::optional<std::int64_t> Config::number(Role role, std::string_view name) const {
  return config::parse_integer(value(role, name));
}

Config Config::for_admin_of(Role role) const {
  Config config{.shared = shared, .consumer = {}, .producer = {}};
  const auto* own = own_section(*this, role);
  if (own == nullptr) return config;
  for (const Property& property : *own) {
    std::erase_if(config.shared, [&](const Property& p) { return p.name == property.name; });
    config.shared.push_back(property);
  }
  return config;
}

Result<Config> make_config(std::vector<Property> shared, std::vector<Property> consumer,
                           std::vector<Property> producer, Transactions transactions) {
  const ConfHandle scratch(rd_kafka_conf_new());
  for (const auto& [properties, role] :
       {std::pair{&shared, Role::admin}, std::pair{&consumer, Role::consumer},
        std::pair{&producer, Role::producer}}) {
    if (Status s = check_all(scratch.get(), *properties, role, transactions); !s)
      return std::move(s).error();
  }
  Config config{std::move(shared), std::move(consumer), std::move(producer)};
  if (Status s = check_brokers(config); !s) return std::move(s).error();
  return config;
}

Result<Config> make_config(const Pairs& shared) {
  std::vector<Property> properties;
  for (const auto& [name, value] : shared) properties.push_back({name, value, {}, false});
  return make_config(std::move(properties));
}

Result<ConfHandle> make_conf(const Config& config, Role role, const Pairs& defaults,
                             const Pairs& owned) {
  ConfHandle conf(rd_kafka_conf_new());
  // Left alone, a producer that only asks whether a topic exists would create it.
  if (Status s = set(conf.get(), "allow.auto.create.topics", "false"); !s)
    return std::move(s).error();
  for (const auto& [name, value] : defaults) {
    if (Status s = set(conf.get(), name, value); !s) return std::move(s).error();
  }
  for (const Property& p : config.shared) {
    if (!meant_for(p, role)) continue;
    if (Status s = set(conf.get(), p.name, p.value); !s) return std::move(s).error();
  }
  if (const auto* own = own_section(config, role)) {
    for (const Property& p : *own) {
      if (Status s = set(conf.get(), p.name, p.value); !s) return std::move(s).error();
    }
  }
  for (const auto& [name, value] : owned) {
    if (Status s = set(conf.get(), name, value); !s) return std::move(s).error();
  }
  return conf;
}

}  // namespace thalweg::kafka
