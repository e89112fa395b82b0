// The goldens of tests/models: signatures, inputs, and the outputs TensorFlow (or ONNX's evaluator) gave.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "thalweg/model.h"

namespace thalweg::golden {

// A tensor with its own memory, as a model's input or as what is expected.
struct Value {
  DType dtype = DType::float32;
  std::vector<std::int64_t> dims;
  AlignedBuffer numbers;
  std::vector<std::string> texts;
  std::vector<std::string_view> strings;
  [[nodiscard]] TensorView view() const { return {dtype, dims, numbers.data(), strings}; }
};

struct Case {
  std::string signature;
  std::map<std::string, Value> inputs;
  std::map<std::string, Value> outputs;
  int error = 0;  // TensorFlow's code; 0: it succeeds
};

struct Golden {
  std::vector<Signature> signatures;
  std::vector<Case> cases;
};

// Aborts the test program when the file is not there or not a golden.
[[nodiscard]] Golden read(const std::string& file);

// "" if equal (numbers to `tolerance`, relative above 1), else what differs.
[[nodiscard]] std::string difference(const Tensor& got, const Value& expected, double tolerance);

// tests/models/<name>
[[nodiscard]] std::string folder(const std::string& name);

}  // namespace thalweg::golden
