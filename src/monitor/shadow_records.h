// What a shadow says, beside what the version in use said to the same row: as JSON records for a topic, to be compared later.
//
//   {"id":"payments-3-1841","models":[{"model":"fraud","version":4,"variant":"shadow","role":"shadow","epoch":12}],
//    "latency_us":93.1,"outputs":{"score":0.91},
//    "champion":{"version":3,"variant":"a","latency_us":90.4,"outputs":{"score":0.93}}}
//
// The shape is the inference log's, so that whatever reads that reads this too. The topic is the route's, row by row, so that a change of it
// takes effect with the route. A row that one of the two refused is not there; NaN is null.
//
// Threads: observer() before the workers start. Each observer is called on shadows' threads, which have time for this; the step's own thread
// never comes here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ids.h"
#include "thalweg/registry.h"

#include "model/score_observer.h"

namespace thalweg::monitor {

struct ShadowRecord {
  std::string topic;
  std::optional<std::string> key;  // the record's
  std::string value;
  std::string header;  // thalweg: id=…,model=…,version=…,role=shadow,epoch=…
  Timestamp timestamp;
};

class ShadowRecords {
 public:
  // `put` takes a record over and never waits; any thread. `registry` outlives it.
  using Put = std::function<void(ShadowRecord)>;
  ShadowRecords(const Registry& registry, Put put);
  ~ShadowRecords();

  // For one worker; it is this object's.
  [[nodiscard]] ScoreObserver& observer();

 private:
  class Shadow;
  class Worker;
  const Registry& registry_;
  const Put put_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace thalweg::monitor
