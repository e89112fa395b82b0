#include "model/runtimes.h"

#include "model/runtime/fake/fake_runtime.h"
#include "model/runtime/openvino/openvino_runtime.h"
#include "model/runtime/tensorflow/tensorflow_runtime.h"

namespace thalweg {

void register_runtimes(Registry& registry) {
  registry.add(tensorflow_runtime());
  registry.add(openvino_runtime());
  registry.add(fake_runtime());
}

}  // namespace thalweg
