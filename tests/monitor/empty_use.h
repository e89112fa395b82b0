// A use of a version that was asked for no rows, for tests of who answers and not of what.
#pragma once

#include "model/score_observer.h"

namespace thalweg::monitor {

inline void tell_of_no_rows(ScoreObserver& observer, const Route& route, const Variant& variant,
                            const ModelVersion& version) {
  const Batch batch;
  const Schema schema;
  observer.scored({.batch = batch,
                   .schema = schema,
                   .columns = {},
                   .rows = {},
                   .output_schema = schema,
                   .outputs = {},
                   .answered = {},
                   .reads = {},
                   .route = route,
                   .variant = &variant,
                   .version = version});
}

}  // namespace thalweg::monitor
