#include "model/runtime/fake/fake_model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "model/numbers.h"

namespace thalweg::fake {
namespace {

bool applies(When when, const InferenceRequest& request) {
  if (when == When::never || when == When::always) return when == When::always;
  for (const TensorView& input : request.inputs) {
    if (input.dtype == DType::string) continue;
    const std::size_t count = elements_of(input.dims);
    for (std::size_t i = 0; i < count; ++i) {
      const double number = number_at(input.dtype, input.data, i);
      if (when == When::negative ? number < 0 : std::isnan(number)) return true;
    }
  }
  return false;
}

// Elements of one row of a view that has `rows` rows.
double sum_of_row(const TensorView& input, std::size_t row, std::size_t rows) {
  const std::size_t width = rows == 0 ? 0 : elements_of(input.dims) / rows;
  double sum = 0;
  for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
    sum += input.dtype == DType::string ? static_cast<double>(input.strings[i].size())
                                        : number_at(input.dtype, input.data, i);
  }
  return sum;
}

struct Memory {
  AlignedBuffer numbers;
  std::vector<std::string> strings;
};

std::string text_of(double value) {
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

Tensor filled(const TensorSpec& spec, std::size_t rows, const std::vector<double>& of_row) {
  Tensor out;
  out.dtype = spec.dtype;
  out.shape = spec.shape;
  for (std::size_t d = 0; d < out.shape.rank(); ++d) {
    if (out.shape.dims[d] == Shape::unknown)
      out.shape.dims[d] = d == 0 ? static_cast<std::int64_t>(rows) : 1;
  }
  const std::size_t count = out.shape.elements();
  const std::size_t width = of_row.empty() ? 1 : std::max<std::size_t>(count / of_row.size(), 1);
  auto memory = std::make_shared<Memory>();
  memory->numbers.resize(count * size_of(spec.dtype));
  for (std::size_t i = 0; i < count; ++i) {
    const double value = of_row[std::min(i / width, of_row.size() - 1)];
    if (spec.dtype == DType::string) {
      memory->strings.push_back(text_of(value));
    } else {
      set_number(spec.dtype, memory->numbers.data(), i, value);
    }
  }
  out.strings.assign(memory->strings.begin(), memory->strings.end());
  out.data = memory->numbers.data();
  out.owner = std::move(memory);
  return out;
}

Tensor copied(const TensorView& input) {
  Tensor out;
  out.dtype = input.dtype;
  out.shape.dims.assign(input.dims.begin(), input.dims.end());
  auto memory = std::make_shared<Memory>();
  memory->strings.assign(input.strings.begin(), input.strings.end());
  memory->numbers.resize(elements_of(input.dims) * size_of(input.dtype));
  if (memory->numbers.size() > 0)
    std::memcpy(memory->numbers.data(), input.data, memory->numbers.size());
  out.strings.assign(memory->strings.begin(), memory->strings.end());
  out.data = memory->numbers.data();
  out.owner = std::move(memory);
  return out;
}

}  // namespace

FakeModel::FakeModel(Options options) : options_(std::move(options)) {
  if (options_.async) thread_ = std::thread([this] { serve(); });
}

FakeModel::~FakeModel() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void FakeModel::submit(const Signature& /*signature*/, const InferenceRequest& request,
                       InferenceDone done) {
  if (!options_.async) {
    done(run(request));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    calls_.emplace_back([this, request, done = std::move(done)] { done(run(request)); });
  }
  changed_.notify_one();
}

void FakeModel::serve() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
    if (calls_.empty()) return;
    auto call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
  }
}

bool FakeModel::fails(const InferenceRequest& request) {
  if (!applies(options_.fail_when, request)) return false;
  return options_.fail_times == 0 || failures_.fetch_add(1) < options_.fail_times;
}

InferenceResult FakeModel::run(const InferenceRequest& request) {
  if (options_.slow.count() > 0) std::this_thread::sleep_for(options_.slow);
  if (applies(options_.hang_when, request)) std::this_thread::sleep_for(options_.hang_for);
  if (applies(options_.crash_when, request)) std::abort();
  if (fails(request)) return Error(options_.fail_code, "the fake model fails as its settings ask");

  const TensorSpec* first =
      options_.signature.inputs.empty() ? nullptr : &options_.signature.inputs.front();
  const bool batched = first != nullptr && (first->unknown_rank || first->shape.rank() > 0) &&
                       !request.inputs.front().dims.empty();
  const std::size_t rows = batched ? static_cast<std::size_t>(request.inputs.front().dims[0]) : 1;
  std::vector<double> of_row(std::max<std::size_t>(rows, 1), options_.value);
  double all = 0;
  for (std::size_t row = 0; row < rows && options_.function != Function::constant; ++row) {
    of_row[row] = 0;
    for (const TensorView& input : request.inputs) of_row[row] += sum_of_row(input, row, rows);
    all += of_row[row];
  }
  if (options_.function == Function::mean) {
    std::fill(of_row.begin(), of_row.end(),
              all / static_cast<double>(std::max<std::size_t>(rows, 1)));
  }
  std::vector<Tensor> outputs;
  for (const std::uint32_t wanted : request.outputs) {
    if (options_.function == Function::echo) {
      outputs.push_back(
          copied(request.inputs[std::min<std::size_t>(wanted, request.inputs.size() - 1)]));
    } else {
      outputs.push_back(filled(options_.signature.outputs[wanted], rows, of_row));
    }
  }
  return outputs;
}

}  // namespace thalweg::fake
