#include "process/operators.h"

#include "process/collect.h"
#include "process/explode.h"
#include "process/filter.h"
#include "process/infer/infer.h"

namespace thalweg {

void register_operators(Registry& registry) {
  register_filter(registry);
  register_explode(registry);
  register_collect(registry);
  register_top_k(registry);
  register_infer(registry);
}

}  // namespace thalweg
