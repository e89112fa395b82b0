// Control records of a single process, in a file of its state directory: what is wanted outlives a restart without any topic.
//
//   DIR/tweets.control.jsonl    an entry a line, each key once; replaced as a whole: written beside, synced, renamed
//   DIR/tweets.control.lock     held while it is replaced, since the command line writes here too
//   DIR/tweets.audit.jsonl      the history; only grows
//   DIR/tweets.process.json     the process's last word; not synced
//
// Only its owner may read them: a record has a version's address whole. A kill at any moment leaves the old file or the new one.
#pragma once

#include <mutex>
#include <string>

#include "control/log.h"

namespace thalweg::control {

class FileLog final : public ControlLog {
 public:
  FileLog(std::string directory, std::string pipeline);
  Status open() override;
  Result<std::vector<LogEntry>> read_to_end() override;
  // Does not wait: it looks whether the file is another one than before.
  Result<std::vector<LogEntry>> follow(std::chrono::milliseconds at_most) override;
  Result<std::int64_t> append(const std::string& key,
                              const std::optional<std::string>& value) override;
  Status post(const std::string& key, const std::optional<std::string>& value) override;
  Status audit(const std::string& key, const std::string& value) override;
  [[nodiscard]] bool shared() const noexcept override { return false; }
  [[nodiscard]] std::string where() const override { return "file " + path_; }

 private:
  [[nodiscard]] Result<std::vector<LogEntry>> read_all() const;
  [[nodiscard]] Status replace(const std::string& path, const std::string& text, bool sync) const;
  [[nodiscard]] std::string stamp() const;

  const std::string directory_, path_, lock_path_, audit_path_, process_path_;
  std::mutex mutex_;
  std::int64_t position_ = 0;  // entries before it were handed out; mutex_
  std::string seen_;           // stamp of the files read last; mutex_
};

}  // namespace thalweg::control
