// Records whose outputs the broker refused inside a transaction, which is then taken back as a whole.
//
// Where one record was refused, it is condemned: read again, it becomes a dead letter. Where several were (a batch is refused for one
// message of it), all are suspects: they are read again one record a transaction, until the guilty ones have been found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "run/progress.h"

namespace thalweg {

class RefusedOutputs {
 public:
  void add(const SourceRecord& record, const Error& why, bool dead_letter);
  // All outputs of the transaction were reported. An error: a dead letter itself cannot be written.
  [[nodiscard]] std::optional<Error> judge();
  // One record a transaction, please.
  [[nodiscard]] bool one_by_one() const noexcept { return !suspects_.empty(); }
  // Fails the condemned records of a batch.
  void condemn(Batch& batch) const;
  // What lies before the ledger is done with; what is not held any more is somebody else's.
  void forget(const OffsetProgress& progress);

 private:
  struct Refused {
    TopicPartitionOffset at;
    Error why;
    bool dead_letter = false;
  };
  std::vector<Refused> refused_;  // in the present transaction; one entry a record
  std::vector<TopicPartitionOffset> suspects_;
  std::vector<Refused> condemned_;
};

}  // namespace thalweg
