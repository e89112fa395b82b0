// The topology in words, JSON and DOT.
#include <fmt/format.h>

#include "config/json_text.h"
#include "run/kafka_ports.h"
#include "run/topology.h"
#include "source/kafka_source.h"

namespace thalweg {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string output_words(const Values& to) {
  std::string words = "format " + to.string("format");
  if (to.given("when")) words += ", when " + to.node("when").to_json();
  return words;
}

// Of a static member: how the group shares out is not what it is without.
std::string membership_words(const PipelineFile& file) {
  const auto kafka = kafka_config_of(file);
  if (!kafka) return {};
  const std::string name = kafka->value(kafka::Role::consumer, "group.instance.id");
  if (name.empty()) return {};
  const bool broker_assigns = kafka->value(kafka::Role::consumer, "group.protocol") == "consumer";
  return fmt::format(", static member {}{}", name,
                     broker_assigns ? "" : ", partitions by " + assignment_strategy(*kafka));
}

std::string columns(const Schema& schema) {
  std::string text;
  for (const Field& field : schema.fields) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field.name, field.type.to_string());
  }
  return text;
}

std::string dot_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Topology topology_of(const PipelineFile& file, const Chain& chain) {
  Topology topology;
  topology.pipeline = file.values.string("pipeline");
  const Values& from = file.values.section("from");
  auto& nodes = topology.nodes;
  nodes.push_back({"source",
                   "source",
                   "topic " + joined(read_topics(file.values)) + membership_words(file),
                   {}});
  nodes.push_back({"decode", "decode", "format " + from.string("format"), chain.decoder->schema()});
  for (const ChainStep& step : chain.steps)
    nodes.push_back({step.name, step.kind, step.op->describe(), step.op->schema()});
  for (std::size_t i = 1; i < nodes.size(); ++i) topology.edges.push_back({i - 1, i});
  const std::size_t last = nodes.size() - 1;
  for (const Values& to : file.values.sections("to")) {
    topology.edges.push_back({last, nodes.size()});
    nodes.push_back({"to " + to.string("topic"), "sink", output_words(to), {}});
  }
  if (file.values.given("dead_letters")) {
    nodes.push_back({"dead letters",
                     "dead_letters",
                     "topic " + file.values.section("dead_letters").string("topic"),
                     {}});
    for (std::size_t i = 1; i <= last; ++i) topology.edges.push_back({i, nodes.size() - 1});
  }
  return topology;
}

std::string topology_text(const Topology& topology) {
  std::string text = "pipeline " + topology.pipeline + "\n";
  for (const TopologyNode& node : topology.nodes) {
    text += fmt::format("  {}{}{}\n", node.name,
                        node.name == node.kind || node.kind == "sink" || node.kind == "dead_letters"
                            ? ""
                            : " (" + node.kind + ")",
                        node.what.empty() ? "" : ": " + node.what);
    for (const Field& field : node.schema.fields)
      text += fmt::format("      {}: {}\n", field.name, field.type.to_string());
  }
  return text;
}

std::string topology_json(const Topology& topology) {
  using config::json_string;
  std::string text = "{\"pipeline\":" + json_string(topology.pipeline) + ",\"nodes\":[";
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    const TopologyNode& node = topology.nodes[i];
    text += fmt::format("{}{{\"name\":{},\"kind\":{},\"what\":{},\"columns\":[", i == 0 ? "" : ",",
                        json_string(node.name), json_string(node.kind), json_string(node.what));
    for (std::size_t f = 0; f < node.schema.fields.size(); ++f) {
      const Field& field = node.schema.fields[f];
      text += fmt::format("{}{{\"name\":{},\"type\":{}}}", f == 0 ? "" : ",",
                          json_string(field.name), json_string(field.type.to_string()));
    }
    text += "]}";
  }
  text += "],\"edges\":[";
  for (std::size_t i = 0; i < topology.edges.size(); ++i) {
    text +=
        fmt::format("{}[{},{}]", i == 0 ? "" : ",", topology.edges[i].from, topology.edges[i].to);
  }
  return text + "]}\n";
}

std::string topology_dot(const Topology& topology) {
  std::string text = fmt::format("digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box];\n",
                                 dot_escaped(topology.pipeline));
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    const TopologyNode& node = topology.nodes[i];
    text +=
        fmt::format("  n{} [label=\"{}\\n{}\"{}];\n", i, dot_escaped(node.name),
                    dot_escaped(node.what), node.kind == "dead_letters" ? ", style=dashed" : "");
  }
  for (const TopologyEdge& edge : topology.edges) {
    const TopologyNode& from = topology.nodes[edge.from];
    const bool dead = topology.nodes[edge.to].kind == "dead_letters";
    text +=
        fmt::format("  n{} -> n{} [{}label=\"{}\"];\n", edge.from, edge.to,
                    dead ? "style=dashed, " : "", dead ? "" : dot_escaped(columns(from.schema)));
  }
  return text + "}\n";
}

}  // namespace thalweg
