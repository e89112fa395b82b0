// One line for each room that brings parts: what a pipeline file can name without code of yours.
#include "decode/decoders.h"
#include "encode/encoders.h"
#include "feature/program.h"
#include "model/runtimes.h"
#include "process/operators.h"
#include "run/process.h"

namespace thalweg {

void register_builtins(Registry& registry) {
  register_decoders(registry);
  register_operators(registry);
  register_feature_steps(registry);
  register_runtimes(registry);
  register_encoders(registry);
}

}  // namespace thalweg
