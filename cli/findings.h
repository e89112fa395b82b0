// What `check` finds, for people and for scripts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/error.h"

#include "kafka/admin.h"
#include "model/provider.h"

namespace thalweg::cli {

enum class Severity : std::uint8_t { ok, warning, error };

struct Finding {
  Severity severity = Severity::ok;
  std::string subject;  // "topic 'payments'"
  std::string text;
  std::optional<Code> code;  // of an error
  std::string details{};     // lines below it, for people
};

// Where a worker would begin to read, and how much is there.
struct PartitionFinding {
  TopicPartition at;
  kafka::OffsetRange range;
  std::optional<Offset> committed;
  Offset begin;  // the first offset that would be read
  [[nodiscard]] std::int64_t backlog() const noexcept { return range.high.value - begin.value; }
};

class Findings {
 public:
  void ok(std::string subject, std::string text, std::string details = {}) {
    add({Severity::ok, std::move(subject), std::move(text), {}, std::move(details)});
  }
  void warning(std::string subject, std::string text) {
    add({Severity::warning, std::move(subject), std::move(text), {}});
  }
  void error(std::string subject, const Error& error) {
    add({Severity::error, std::move(subject), error.message(), error.code()});
  }

  [[nodiscard]] const std::vector<Finding>& all() const noexcept { return all_; }
  // What `run` would end with, had it met the first error; exit_ok if there is none.
  [[nodiscard]] int exit_code() const noexcept;
  [[nodiscard]] bool has_warnings() const noexcept;
  [[nodiscard]] bool has(Code code) const noexcept;
  void append(Findings more);

  std::vector<std::shared_ptr<const ModelVersion>> models;
  std::vector<PartitionFinding> partitions;

  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] std::string to_json(const std::string& path) const;

 private:
  void add(Finding finding) { all_.push_back(std::move(finding)); }
  std::vector<Finding> all_;
};

// Tables for `details`.
[[nodiscard]] std::string cost_table(const ModelVersion& model);
[[nodiscard]] std::string partition_table(const std::vector<PartitionFinding>& partitions);

}  // namespace thalweg::cli
