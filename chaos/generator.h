// Writes numbered records at a steady rate, by turns to each partition, until told to stop.
//
// Its own thread. It is idempotent and never gives up, and goes past the proxy: what it counts as written is in the topic, once and in
// order, whatever happened to the broker. While no acknowledgements come it stops after some thousand records.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/load/kafka.h"
#include "chaos/record.h"

namespace thalweg::chaos {

// What is done wrong on purpose so that it must be found: with an instrument that finds nothing, nobody knows whether there is nothing. By
// the generator with one record, so that the verifier finds it; or by a fault.
enum class Lie : std::uint8_t {
  none,
  lost,      // it is counted and not written
  repeated,  // it is written twice
  order,     // it is written behind its successor
  harmless,  // `freeze` and `zombie` stop nobody
};

class Generator {
 public:
  Generator(const std::string& brokers, std::string topic, int partitions, int per_second,
            Lie lie = Lie::none);
  ~Generator();

  // One more partition is written to from now on; it must be there.
  void add_partition();
  // Of a thousand records, how many the model refuses; a few broken ones come in any case.
  void refuse(int per_mille) noexcept { refused_.store(per_mille); }
  // So many of this kind, as soon as it can.
  void write_some(Kind kind, int count) noexcept {
    wanted_[static_cast<std::size_t>(kind)].fetch_add(count);
  }
  // No more; returns when all that was written is acknowledged. Ends the program if that takes too long.
  void finish();

  // The next number of each partition.
  [[nodiscard]] std::vector<std::int64_t> next() const;
  [[nodiscard]] std::int64_t written() const;

 private:
  static constexpr int partitions_max = 64;
  void serve();
  void write(int partition);
  void write_lie(int partition, std::int64_t number);
  // False: not written, since we are to stop.
  bool send(const Record& record);
  [[nodiscard]] Kind kind_of(int partition, std::int64_t number);

  std::string topic_;
  int per_second_;
  Lie lie_;
  kafka::ClientHandle client_;
  std::atomic<int> partitions_;
  std::atomic<int> refused_;
  std::array<std::atomic<int>, kinds> wanted_{};
  std::atomic<bool> stop_{false};
  std::vector<std::atomic<std::int64_t>> next_;
  std::thread thread_;
};

}  // namespace thalweg::chaos
