// A model's entry with the registry it was read with, as a thread owns them that may be left behind: whatever becomes of the pipeline, they stay.
#pragma once

#include "thalweg/registry.h"

#include "model/load.h"

namespace thalweg {

struct OwnEntry {
  OwnEntry(const ModelEntry& of, const Registry& read_with) : registry(read_with), entry(of) {
    if (of.kind != nullptr) entry.kind = registry.runtime(of.kind->name);
  }
  OwnEntry(const OwnEntry&) = delete;
  OwnEntry& operator=(const OwnEntry&) = delete;

  Registry registry;
  ModelEntry entry;  // its runtime is of this registry
};

}  // namespace thalweg
