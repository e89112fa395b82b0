// SavedModels written by the tests themselves: one input, one Identity, one output, of any type.
//
// An Identity hands its input's memory on, so that it also shows whether an output outlives the input.
#pragma once

#include <string>

#include "model/saved_model.h"

namespace thalweg {

struct WrittenModel {
  TfType type = TfType::float32;
  std::string signature = "serving_default";
  std::string tag = "serve";
  std::string input_tensor = "x:0";
  bool sparse_input = false;
};

// The bytes of its saved_model.pb.
[[nodiscard]] std::string write_saved_model(const WrittenModel& model);

// An ONNX file: one Identity from 'x' to 'y', both [?]. `type` is ONNX's number of it: 8 string, 10 float16.
[[nodiscard]] std::string write_onnx(int type);

}  // namespace thalweg
