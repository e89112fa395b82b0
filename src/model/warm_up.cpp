#include "model/warm_up.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <time.h>

#include <fmt/format.h>

#include "model/made_rows.h"
#include "model/numbers.h"

namespace thalweg {
namespace {

// For unknown dimensions behind the first: short, then long enough for a network that shrinks an image.
constexpr std::array<std::int64_t, 3> lengths{8, 64, 224};
constexpr double tolerance_relative = 1e-3;
constexpr double tolerance_absolute = 1e-4;

// Rows that cost no more than this many times the least are as good. Little, since calls get larger than any that is measured here, and a cost
// that rises at all goes on rising: a network that is 6 % dearer at 512 rows than at 128 was 22 % dearer at 1,024.
constexpr double hardly_more = 1.05;
constexpr int rounds_max = 3;  // of measuring, before a bound is believed
constexpr double alike =
    1.25;  // how far a size's cost may be from what the version before it promises

double microseconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// The least that calls of one size have taken. Others share the machine with us and only ever add.
struct Least {
  std::size_t rows = 0;
  double thread_cpu_us = std::numeric_limits<double>::infinity();
  double process_cpu_us = std::numeric_limits<double>::infinity();
  double wall_us = std::numeric_limits<double>::infinity();

  void add(const WarmUpClocks& before, const WarmUpClocks& after) {
    thread_cpu_us = std::min(thread_cpu_us, after.thread_cpu_us - before.thread_cpu_us);
    process_cpu_us = std::min(process_cpu_us, after.process_cpu_us - before.process_cpu_us);
    wall_us = std::min(wall_us, after.wall_us - before.wall_us);
  }
  [[nodiscard]] BatchCost cost() const {
    // Where the caller only waits, threads of the runtime do the work.
    const double cpu_us = thread_cpu_us * 2 < process_cpu_us ? process_cpu_us : thread_cpu_us;
    const auto count = static_cast<double>(rows);
    return {rows, cpu_us / count, wall_us / count};
  }
};

// Submits and waits. The promise is shared: a model that answers after we gave up must not write into our stack.
// `later`: set if the answer did not come inside submit().
InferenceResult call(LoadedModel& model, const Signature& signature,
                     const InferenceRequest& request, bool* later = nullptr) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<InferenceResult> result;
  };
  auto answer = std::make_shared<Answer>();
  model.submit(signature, request, [answer](InferenceResult result) {
    const std::lock_guard lock(answer->mutex);
    answer->result = std::move(result);
    answer->arrived.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  if (later != nullptr) *later = !answer->result.has_value();
  if (!answer->arrived.wait_for(lock, std::chrono::minutes(1),
                                [&] { return answer->result.has_value(); })) {
    return Error(Code::timed_out,
                 "warm-up: expected an answer within a minute; got none; see `warm_up`");
  }
  return *std::move(answer->result);
}

// The smallest size whose rows cost hardly more than those of the best one. Made-up rows are all alike and share what a model looks up, so
// they make large calls look cheaper than a stream's rows are: where more rows gain nothing here, they lose something there.
std::vector<BatchCost>::const_iterator enough_rows(const std::vector<BatchCost>& costs) {
  const auto cheaper = [](const BatchCost& a, const BatchCost& b) {
    return a.cpu_us_per_row < b.cpu_us_per_row;
  };
  const auto best = std::min_element(costs.begin(), costs.end(), cheaper);
  return std::find_if(costs.begin(), best, [&](const BatchCost& c) {
    return c.cpu_us_per_row <= hardly_more * best->cpu_us_per_row;
  });
}

class WarmUp {
 public:
  WarmUp(LoadedModel& model, const Signature& signature, const Batching& batching,
         const WarmUpPlan& plan)
      : model_(model), signature_(signature), batching_(batching), plan_(plan) {}

  Result<WarmUpReport> run() {
    if (auto found = find_rows(); !found.ok()) return std::move(found).error();
    if (!accepted_ || plan_.sizes.empty()) return std::move(report_);
    if (auto status = measure_all(); !status.ok()) return std::move(status).error();
    if (!take_over_costs()) {
      if (auto status = measure_well(); !status.ok()) return std::move(status).error();
    }
    check_outputs();
    compare_alone_and_in_company();
    return std::move(report_);
  }

 private:
  // Numbers between 0 and 1, then zeros, each with several lengths, until the model takes a row.
  Status find_rows() {
    std::optional<Error> refused;
    for (const bool blank : {false, true}) {
      for (const std::int64_t length : lengths) {
        MadeRows rows(signature_, batching_, one(), length, blank);
        auto result = call(model_, signature_, rows.all(), &report_.answers_later);
        if (result.ok()) {
          bytes_per_row_ = rows.bytes() / one();
          blank_ = blank;
          length_ = length;
          accepted_ = true;
          return {};
        }
        if (result.error().code() != Code::invalid_model_input)
          return std::move(result).error().at("warm-up");
        refused = std::move(result).error();
      }
    }
    report_.warnings.push_back("the warm-up's made-up rows are refused by the model (" +
                               refused->message() +
                               "), so neither its cost nor its answers were checked");
    return {};
  }

  [[nodiscard]] std::size_t one() const {
    return batching_.dim == BatchDim::fixed ? static_cast<std::size_t>(batching_.fixed_rows) : 1;
  }

  [[nodiscard]] std::vector<std::size_t> sizes() const {
    if (batching_.dim != BatchDim::dynamic) return {one()};
    return plan_.sizes;
  }

  [[nodiscard]] double deadline() const {
    return plan_.clocks().wall_us + std::chrono::duration<double, std::micro>(plan_.time).count();
  }

  Status measure_all() {
    const double end = deadline();
    for (const std::size_t size : sizes()) {
      if (!least_.empty() && !worth_trying(size, end)) break;
      Least least{size};
      if (auto status = measure(least, end); !status.ok()) return status;
      if (least.wall_us == std::numeric_limits<double>::infinity()) continue;  // refused
      least_.push_back(least);
      report_.costs.push_back(least.cost());
    }
    return {};
  }

  // A bound is set for good, so it is not set by one moment's noise.
  Status measure_well() {
    if (!plan_.before.empty()) {
      if (auto status = measure_again(0); !status.ok()) return status;
    }
    const auto bounded = [&] {
      return !report_.answers_later && recommended_rows_max(report_.costs) > 0;
    };
    for (int round = 1; round < rounds_max && bounded(); ++round) {
      // From the size that looks like the bound on: those below are no candidates.
      const auto bound = enough_rows(report_.costs) - report_.costs.cbegin();
      if (auto status = measure_again(static_cast<std::size_t>(bound)); !status.ok()) return status;
    }
    return {};
  }

  Status measure_again(std::size_t from) {
    const double end = deadline();
    for (std::size_t i = from; i < least_.size(); ++i) {
      if (auto status = measure(least_[i], end); !status.ok()) return status;
      report_.costs[i] = least_[i].cost();
    }
    return {};
  }

  // The costs of the version before, all of them by as much dearer or cheaper as this one is: many calls have found them, and a few calls
  // here agree. False where they do not.
  bool take_over_costs() {
    const std::vector<BatchCost>& before = plan_.before;
    std::vector<BatchCost>& costs = report_.costs;
    if (costs.empty() || costs.size() != before.size()) return false;
    std::vector<double> ratios;
    for (std::size_t i = 0; i < costs.size(); ++i) {
      if (costs[i].rows != before[i].rows || !(before[i].cpu_us_per_row > 0)) return false;
      ratios.push_back(costs[i].cpu_us_per_row / before[i].cpu_us_per_row);
    }
    std::sort(ratios.begin(), ratios.end());
    const double height = ratios[ratios.size() / 2];
    if (ratios.back() > height * alike || ratios.front() * alike < height) return false;
    for (std::size_t i = 0; i < costs.size(); ++i) {
      costs[i].cpu_us_per_row = before[i].cpu_us_per_row * height;
      costs[i].wall_us_per_row = before[i].wall_us_per_row * height;
    }
    return true;
  }

  // Would two calls of `size` rows end in time, if a row cost what it did last? And would the rows fit into little memory?
  [[nodiscard]] bool worth_trying(std::size_t size, double end) const {
    constexpr std::size_t bytes_max = std::size_t{64} << 20;
    const double guess = report_.costs.back().wall_us_per_row * static_cast<double>(2 * size);
    return plan_.clocks().wall_us + guess < end && size * bytes_per_row_ <= bytes_max;
  }

  // Several calls of one size, two where it is measured again; short ones beyond the deadline too, since one call alone says little.
  Status measure(Least& least, double end) {
    constexpr double short_us = 10'000;
    constexpr double cheap_us = 1'000;
    const bool again = std::isfinite(least.wall_us);
    const bool compared = !again && !plan_.before.empty();
    const int calls_min = again ? 2 : compared ? 1 : 3;
    const int calls_max = again || compared ? 2 : 5;
    MadeRows rows(signature_, batching_, least.rows, length_, blank_);
    const InferenceRequest request = rows.all();
    // The first call of a size plans for it (shapes, buffers): run, not counted.
    if (!again) {
      auto first = call(model_, signature_, request);
      if (!first.ok()) return refused(least.rows, std::move(first).error());
    }
    for (int i = 0; i < calls_max; ++i) {
      const WarmUpClocks before = plan_.clocks();
      const bool enough = i >= calls_min || (i > 0 && least.wall_us > short_us);
      if (enough && (before.wall_us >= end || (compared && least.wall_us > cheap_us))) break;
      auto result = call(model_, signature_, request);
      const WarmUpClocks after = plan_.clocks();
      if (!result.ok()) return refused(least.rows, std::move(result).error());
      least.add(before, after);
    }
    return {};
  }

  // A size the model refuses is told, not fatal: `rows_max` is there for it.
  Status refused(std::size_t size, Error error) {
    if (error.code() != Code::invalid_model_input) return std::move(error).at("warm-up");
    report_.warnings.push_back(
        fmt::format("a call of {} rows is refused by the model ({}); set `rows_max` below that",
                    size, error.message()));
    return {};
  }

  // Outputs of one call of two rows (or as many as the model takes) must have as many rows.
  void check_outputs() {
    if (batching_.dim == BatchDim::none) return;
    const std::size_t size = batching_.dim == BatchDim::fixed ? one() : 2;
    MadeRows rows(signature_, batching_, size, length_, blank_);
    auto result = call(model_, signature_, rows.all());
    if (!result.ok()) return;
    for (std::size_t i = 0; i < result->size(); ++i) {
      const Shape& shape = (*result)[i].shape;
      if (shape.rank() > 0 && shape.dims[0] == static_cast<std::int64_t>(size)) continue;
      per_row_ = false;
      report_.warnings.push_back(
          fmt::format("output {} came as {} for {} rows: it is not one per row and cannot be used "
                      "row by row",
                      signature_.outputs[i].to_string(), shape.to_string(), size));
    }
  }

  void compare_alone_and_in_company() {
    constexpr std::size_t size = 3;
    if (batching_.dim != BatchDim::dynamic || !per_row_) return;
    MadeRows rows(signature_, batching_, size, length_, blank_);
    auto together = call(model_, signature_, rows.all());
    for (std::size_t row = 0; row < size && together.ok(); ++row) {
      auto alone = call(model_, signature_, rows.only(row));
      if (!alone.ok()) return;
      for (std::size_t i = 0; i < alone->size(); ++i) {
        if (same((*alone)[i], (*together)[i], row)) continue;
        report_.warnings.push_back(
            "output " + signature_.outputs[i].to_string() +
            " answers a row otherwise alone than among others; batches are cut as events "
            "arrive, so set `rows_max: 1`, or export the model in inference mode");
        return;
      }
    }
  }

  static bool same(const Tensor& alone, const Tensor& together, std::size_t row) {
    const std::size_t width = alone.shape.elements();
    if (together.shape.elements() < (row + 1) * width) return false;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t j = row * width + i;
      if (alone.dtype == DType::string) {
        if (alone.strings[i] != together.strings[j]) return false;
        continue;
      }
      const double a = number_at(alone.dtype, alone.data, i);
      const double b = number_at(together.dtype, together.data, j);
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      if (!(std::abs(a - b) <= tolerance_absolute + tolerance_relative * std::abs(b))) return false;
    }
    return true;
  }

  LoadedModel& model_;
  const Signature& signature_;
  const Batching& batching_;
  const WarmUpPlan& plan_;
  WarmUpReport report_;
  std::vector<Least> least_;  // one per entry of report_.costs
  bool accepted_ = false;
  bool per_row_ = true;
  std::size_t bytes_per_row_ = 0;
  bool blank_ = false;
  std::int64_t length_ = lengths.front();
};

}  // namespace

WarmUpClocks read_clocks() {
  return {microseconds(CLOCK_THREAD_CPUTIME_ID), microseconds(CLOCK_PROCESS_CPUTIME_ID),
          microseconds(CLOCK_MONOTONIC)};
}

Result<WarmUpReport> warm_up(LoadedModel& model, const Signature& signature,
                             const Batching& batching, const WarmUpPlan& plan) {
  return WarmUp(model, signature, batching, plan).run();
}

Status warm_up_for(const ModelVersion& version, const std::vector<std::uint32_t>& outputs) {
  const Batching batching{version.batch_dim, version.fixed_rows};
  const std::size_t one =
      batching.dim == BatchDim::fixed ? static_cast<std::size_t>(batching.fixed_rows) : 1;
  for (const bool blank : {false, true}) {
    for (const std::int64_t length : lengths) {
      MadeRows rows(version.signature, batching, one, length, blank);
      InferenceRequest request = rows.all();
      request.outputs = outputs;
      const auto result = call(*version.loaded, version.signature, request);
      if (result.ok()) return {};
      if (result.error().code() != Code::invalid_model_input)
        return Error(result.error()).at("warm-up");
    }
  }
  return {};
}

std::size_t recommended_rows_max(const std::vector<BatchCost>& costs) {
  const auto enough = enough_rows(costs);
  return enough == costs.end() || enough + 1 == costs.end() ? 0 : enough->rows;
}

std::string to_string(const std::vector<BatchCost>& costs) {
  std::string text;
  for (const BatchCost& cost : costs) {
    text += fmt::format("{}{} {} {:.1f} µs", text.empty() ? "" : ", ", cost.rows,
                        cost.rows == 1 ? "row" : "rows", cost.cpu_us_per_row);
  }
  return text;
}

}  // namespace thalweg
