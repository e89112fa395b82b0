#include "run/metrics_page.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <unistd.h>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "thalweg/version.h"

#include "run/version_page.h"

namespace thalweg {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<std::pair<std::string, std::string>>;

class Page {
 public:
  void counter(const std::string& name, const std::string& help, const Labels& labels,
               double value) {
    ClientMetric metric = labelled(labels);
    metric.counter.value = value;
    family(name, help, MetricType::Counter).metric.push_back(std::move(metric));
  }
  void gauge(const std::string& name, const std::string& help, const Labels& labels, double value) {
    ClientMetric metric = labelled(labels);
    metric.gauge.value = value;
    family(name, help, MetricType::Gauge).metric.push_back(std::move(metric));
  }
  // `scale` turns the histogram's unit into the metric's.
  void histogram(const std::string& name, const std::string& help, const Labels& labels,
                 const Histogram& from, double scale, std::size_t first_bucket,
                 std::size_t last_bucket) {
    ClientMetric metric = labelled(labels);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < Histogram::buckets; ++i) {
      cumulative += from.count(i);
      if (i < first_bucket || i > last_bucket) continue;
      metric.histogram.bucket.push_back(
          {cumulative, static_cast<double>(std::uint64_t{1} << i) * scale});
    }
    metric.histogram.bucket.push_back({cumulative, std::numeric_limits<double>::infinity()});
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = static_cast<double>(from.sum()) * scale;
    family(name, help, MetricType::Histogram).metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const {
    std::vector<MetricFamily> families;
    for (const auto& name : order_) families.push_back(families_.at(name));
    return prometheus::TextSerializer().Serialize(families);
  }

 private:
  static ClientMetric labelled(const Labels& labels) {
    ClientMetric metric;
    for (const auto& [name, value] : labels) {
      metric.label.emplace_back();
      metric.label.back().name = name;
      metric.label.back().value = value;
    }
    return metric;
  }
  MetricFamily& family(const std::string& name, const std::string& help, MetricType type) {
    auto [it, added] = families_.try_emplace(name);
    if (added) {
      order_.push_back(name);
      it->second.name = name;
      it->second.help = help;
      it->second.type = type;
    }
    return it->second;
  }
  std::map<std::string, MetricFamily> families_;
  std::vector<std::string> order_;
};

void records(Page& page, const Labels& labels, const WorkerMetrics& m) {
  const auto with = [&](const std::string& name, const std::string& value) {
    Labels more = labels;
    more.emplace_back(name, value);
    return more;
  };
  page.counter("thalweg_records_in_total", "Records read from the input.", labels,
               static_cast<double>(m.records_in.get()));
  page.counter("thalweg_bytes_in_total", "Bytes read from the input.", labels,
               static_cast<double>(m.bytes_in.get()));
  const std::pair<const char*, const Counter*> dispositions[] = {{"forwarded", &m.forwarded},
                                                                 {"absorbed", &m.absorbed},
                                                                 {"filtered", &m.filtered},
                                                                 {"dead", &m.dead}};
  for (const auto& [name, counter] : dispositions) {
    page.counter(
        "thalweg_records_total",
        "Records finished, by disposition; their sum is what was read and is not under way.",
        with("disposition", name), static_cast<double>(counter->get()));
  }
  for (std::size_t code = 0; code < code_count; ++code) {
    if (const auto n = m.dead_by_code[code].get(); n > 0) {
      page.counter("thalweg_dead_records_total", "Dead records by reason.",
                   with("code", std::string(to_string(static_cast<Code>(code)))),
                   static_cast<double>(n));
    }
  }
  page.counter("thalweg_skipped_records_total",
               "Dead records of which no dead letter was written, because `errors` says skip.",
               labels, static_cast<double>(m.skipped.get()));
  page.gauge("thalweg_records_under_way", "Records read and not finished yet.", labels,
             static_cast<double>(m.records_under_way.get()));
  page.counter("thalweg_outputs_total", "Records written to output topics.", labels,
               static_cast<double>(m.outputs.get()));
  page.counter("thalweg_output_bytes_total", "Bytes of values written to output topics.", labels,
               static_cast<double>(m.output_bytes.get()));
  page.counter("thalweg_inference_log_lost_total",
               "Lines of the inference log that could not be written.", labels,
               static_cast<double>(m.log_lost.get()));
  page.counter("thalweg_dead_letters_total", "Records written to the dead-letter topic.", labels,
               static_cast<double>(m.dead_letters.get()));
}

void work(Page& page, const Labels& labels, const WorkerMetrics& m) {
  page.counter("thalweg_batches_total", "Batches taken.", labels,
               static_cast<double>(m.batches.get()));
  page.counter("thalweg_model_calls_total", "Model calls.", labels,
               static_cast<double>(m.model_calls.get()));
  page.counter("thalweg_model_rows_total", "Rows given to models.", labels,
               static_cast<double>(m.model_rows.get()));
  page.counter("thalweg_step_retries_total", "Steps tried again after a failure that may pass.",
               labels, static_cast<double>(m.retries.get()));
  page.counter("thalweg_commits_total", "Offset commits.", labels,
               static_cast<double>(m.commits.get()));
  page.counter("thalweg_commit_failures_total", "Offset commits that failed (and are tried again).",
               labels, static_cast<double>(m.commit_failures.get()));
  page.counter("thalweg_transactions_aborted_total",
               "Transactions taken back (their records are read again).", labels,
               static_cast<double>(m.transactions_aborted.get()));
  page.counter("thalweg_rebalances_total", "Assignments of partitions.", labels,
               static_cast<double>(m.rebalances.get()));
  page.gauge("thalweg_partitions", "Partitions held.", labels,
             static_cast<double>(m.partitions.get()));
  page.gauge("thalweg_held_bytes", "Memory held by batches that wait for the broker.", labels,
             static_cast<double>(m.bytes_held.get()));
  page.gauge("thalweg_held_bytes_max", "What it may reach before no more records are taken.",
             labels, static_cast<double>(m.bytes_held_max.get()));
  page.histogram("thalweg_batch_rows", "Rows a batch.", labels, m.batch_rows, 1, 0, 14);
  const std::tuple<const char*, const char*, const Histogram*> stages[] = {
      {"thalweg_decode_seconds", "Time to decode a batch.", &m.decode_ns},
      {"thalweg_features_seconds", "Time to compute a batch's features.", &m.features_ns},
      {"thalweg_model_seconds", "Time in the model for a batch.", &m.model_ns},
      {"thalweg_step_seconds", "Time of a step for a batch, features and model included.",
       &m.steps_ns},
      {"thalweg_encode_seconds", "Time to encode a batch.", &m.encode_ns},
      {"thalweg_transaction_commit_seconds", "Time to commit a transaction.", &m.commit_ns}};
  for (const auto& [name, help, histogram] : stages)
    page.histogram(name, help, labels, *histogram, 1e-9, 10, 34);
}

void lag(Page& page, const Labels& labels, const WorkerMetrics& m) {
  for (const PartitionLag& l : m.lag()) {
    Labels more = labels;
    more.emplace_back("topic", l.at.topic);
    more.emplace_back("partition", std::to_string(l.at.partition.value));
    if (l.records >= 0) {
      page.gauge("thalweg_lag_records",
                 "Records between the position and the end of the partition.", more,
                 static_cast<double>(l.records));
    }
    page.gauge("thalweg_lag_seconds",
               "Age of the newest record taken, while there are more; 0 when caught up.", more,
               l.seconds);
  }
}

void control(Page& page, const std::string& pipeline, const ControlView& view) {
  const Labels labels = {{"pipeline", pipeline}};
  page.counter("thalweg_control_broken_records_total",
               "Control records that could not be read; the state before stays.", labels,
               static_cast<double>(view.records_broken));
  page.counter("thalweg_control_failures_total",
               "Times the control log could not be read, or a route did not move.", labels,
               static_cast<double>(view.failures));
  page.gauge("thalweg_control_processes", "Live processes that follow the control topic.", labels,
             static_cast<double>(view.processes));
  for (const ControlView::Model& m : view.models) {
    const Labels model = {{"pipeline", pipeline}, {"model", m.model}};
    page.gauge("thalweg_control_wanted_epoch",
               "Epoch of the control record in force; -1: the pipeline file.", model,
               static_cast<double>(m.wanted));
    page.gauge("thalweg_control_epoch", "Epoch of the route that batches take.", model,
               static_cast<double>(m.active));
    page.gauge("thalweg_control_prepared", "1 when every version that is wanted is available.",
               model, m.prepared ? 1 : 0);
    page.gauge("thalweg_control_refused", "1 when what is wanted cannot be followed here.", model,
               m.refused ? 1 : 0);
    page.counter("thalweg_guard_rollbacks_total",
                 "Times that a guard of this process took a new version back.", model,
                 static_cast<double>(m.rollbacks));
  }
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// How much there is to say of it: what does something, then what is in memory, then what failed.
int weight(const VersionStatus& version) {
  if (!version.role.empty()) return 3;
  const bool on_disk = version.state == VersionState::start || version.state == VersionState::end;
  if (!on_disk) return 2;
  return version.failed ? 1 : 0;
}

// An address may bring a version of a number that the folder has too: two series of one name cannot be told apart.
std::vector<VersionStatus> one_of_each_number(const std::vector<VersionStatus>& versions) {
  std::vector<VersionStatus> all;
  for (const VersionStatus& version : versions) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const VersionStatus& other) {
      return other.model == version.model && other.version == version.version;
    });
    if (same == all.end()) {
      all.push_back(version);
    } else if (weight(version) > weight(*same)) {
      *same = version;
    }
  }
  return all;
}

}  // namespace

std::string metrics_page(const std::vector<PipelineView>& pipelines) {
  Page page;
  page.gauge("thalweg_build_info", "The version that runs; always 1.", {{"version", version}}, 1);
  page.gauge("process_resident_memory_bytes", "Resident memory of the process.", {},
             resident_bytes());
  for (const PipelineView& pipeline : pipelines) {
    for (std::size_t i = 0; i < pipeline.workers.size(); ++i) {
      const Labels labels = {{"pipeline", pipeline.pipeline}, {"worker", std::to_string(i)}};
      records(page, labels, *pipeline.workers[i]);
      work(page, labels, *pipeline.workers[i]);
      lag(page, labels, *pipeline.workers[i]);
    }
    for (const VersionStatus& version : one_of_each_number(pipeline.versions)) {
      const Labels labels = {{"pipeline", pipeline.pipeline},
                             {"model", version.model},
                             {"version", std::to_string(version.version)}};
      Labels state = labels;
      state.emplace_back("state", std::string(to_string(version.state)));
      page.gauge("thalweg_model_version_state", "The state a model's version is in; always 1.",
                 state, 1);
      page.gauge("thalweg_model_version_failed",
                 "1 if the version takes no traffic because it failed, else 0.", labels,
                 version.failed ? 1 : 0);
    }
    for (const ModelChanges& changes : pipeline.changes) {
      const Labels labels = {{"pipeline", pipeline.pipeline}, {"model", changes.model}};
      page.counter("thalweg_model_swaps_total", "Times the route moved to other versions.", labels,
                   static_cast<double>(changes.swaps));
      page.counter("thalweg_model_failed_loads_total", "Loads of versions that failed.", labels,
                   static_cast<double>(changes.failed_loads));
    }
    page.gauge("thalweg_paused", "1 while the pipeline rests because somebody said so.",
               {{"pipeline", pipeline.pipeline}}, pipeline.paused ? 1 : 0);
    if (pipeline.control) control(page, pipeline.pipeline, *pipeline.control);
    for (const ModelInfo& model : pipeline.models) {
      page.gauge("thalweg_model_info", "The model version in use; always 1.",
                 {{"pipeline", pipeline.pipeline},
                  {"model", model.model},
                  {"version", std::to_string(model.version)},
                  {"runtime", model.runtime}},
                 1);
    }
  }
  std::vector<PipelineVersions> versions;
  std::vector<MonitoringFigures> monitored;
  for (const PipelineView& pipeline : pipelines) {
    versions.push_back({pipeline.pipeline, pipeline.totals});
    monitored.push_back(pipeline.monitoring);
  }
  return page.text() + version_page(versions) + monitoring_page(monitored);
}

}  // namespace thalweg
