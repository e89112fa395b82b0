// Who answered which record, by the inference log: the lines about epochs, and those of single predictions.
//
//   add every line ─▶ close() ─▶ route_of(model, topic, partition, offset): the route that answered then, or why that is not known
//
// A prediction's own line is believed first. Else the line about epochs with the largest `from` up to the offset counts. Records may have been read
// again by another process, under another epoch: of two lines in one partition of the log the later one replaces all that it reaches back to. Between partitions of
// the log there is no order; where it would matter, nobody is named. Nothing is guessed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "thalweg/error.h"

namespace thalweg::monitor {

struct RecordedVariant {
  std::string name;
  std::int64_t version = 0;
  std::uint32_t end = 0;   // as Variant::end
  std::string manifest{};  // its hash; empty: it had none, or the log does not say
  bool operator==(const RecordedVariant&) const = default;
};

struct RecordedRoute {
  std::int64_t epoch = -1;
  std::string salt, key;
  std::vector<RecordedVariant> variants;
  bool operator==(const RecordedRoute&) const = default;
};

class RecordedAnswers {
 public:
  // `partition` and `place`: of the line in the log; of two in one partition the one with the larger place is later. Errors: not_json.
  [[nodiscard]] Status add(std::string_view json, std::int32_t partition, std::int64_t place);
  // After the last line.
  void close();

  // Null: not known. Valid as long as this is.
  [[nodiscard]] const RecordedRoute* route_of(std::string_view model, std::string_view topic,
                                              std::int32_t partition, std::int64_t offset) const;
  // Every version of the model that is named anywhere, ascending.
  [[nodiscard]] std::vector<std::int64_t> versions(std::string_view model) const;
  [[nodiscard]] std::uint64_t predictions() const noexcept { return predictions_.size(); }
  [[nodiscard]] std::uint64_t epoch_lines() const noexcept { return epoch_lines_; }

 private:
  struct Line {
    std::int64_t from = 0;
    std::int64_t epoch = -1;
    std::int64_t version = 0;
    std::size_t route = 0;       // of routes_; unknown: not known
    std::int32_t partition = 0;  // of the log
    std::int64_t place = 0;
  };
  struct Answer {
    std::string model;
    std::size_t route = 0;
    bool several = false;  // its rows were answered by several variants
  };
  static constexpr std::size_t unknown = SIZE_MAX;
  using Place = std::tuple<std::string, std::string, std::int32_t>;  // model, topic, partition

  template <class Element>
  void add_epochs(const Element& epochs, std::int32_t partition, std::int64_t place);
  template <class Element>
  void add_prediction(const Element& line, const Element& models);
  [[nodiscard]] std::size_t keep(RecordedRoute route);
  void complete();
  [[nodiscard]] const RecordedRoute* route_by_epoch(std::string_view model, std::string_view topic,
                                                    std::int32_t partition,
                                                    std::int64_t offset) const;

  std::vector<RecordedRoute> routes_;
  std::map<Place, std::vector<Line>> lines_;
  std::unordered_map<std::string, std::vector<Answer>> predictions_;  // by id
  std::uint64_t epoch_lines_ = 0;
};

}  // namespace thalweg::monitor
