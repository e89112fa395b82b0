// `runtime: openvino`: SavedModels, ONNX, TFLite and OpenVINO's own files, through its C API.
#pragma once

#include "thalweg/registry.h"

namespace thalweg {

[[nodiscard]] RuntimeKind openvino_runtime();

}  // namespace thalweg
