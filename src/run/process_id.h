// Who this process is, for the brokers: a UUID that makes its transactional ids.
//
// In a state directory it is kept and found again, so that a restarted process ends at once what it left open; the file is locked, since
// two processes under one id would put each other out for ever. Without a directory it is new at each start: unique, but what a process
// leaves open when it dies stays open until transaction.timeout.ms is over.
#pragma once

#include <string>

#include "thalweg/error.h"

namespace thalweg {

class ProcessId {
 public:
  // A new one.
  [[nodiscard]] static ProcessId random();
  // The one of `pipeline` in `directory`, which is made if it is missing. Held until the object dies. Errors: io_failed,
  // config_invalid (another process holds it).
  [[nodiscard]] static Result<ProcessId> kept_in(const std::string& directory,
                                                 const std::string& pipeline);
  ProcessId(ProcessId&& other) noexcept;
  ProcessId& operator=(ProcessId&&) = delete;
  ~ProcessId();

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  ProcessId(std::string text, int lock) : text_(std::move(text)), lock_(lock) {}

  std::string text_;
  int lock_ = -1;
};

}  // namespace thalweg
