// The lists of parts by name. Short lists, asked at start-up only: a linear search is enough.
#include "thalweg/registry.h"

#include <algorithm>

namespace thalweg {
namespace {

template <class Kind>
void put(std::vector<Kind>& kinds, Kind kind) {
  const auto it =
      std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.name == kind.name; });
  if (it != kinds.end()) {
    *it = std::move(kind);
  } else {
    kinds.push_back(std::move(kind));
  }
}

template <class Kind>
const Kind* find(const std::vector<Kind>& kinds, std::string_view name) noexcept {
  const auto it =
      std::find_if(kinds.begin(), kinds.end(), [name](const Kind& k) { return k.name == name; });
  return it == kinds.end() ? nullptr : &*it;
}

}  // namespace

void Registry::add(DecoderKind kind) {
  put(decoders_, std::move(kind));
}
void Registry::add(OperatorKind kind) {
  put(operators_, std::move(kind));
}
void Registry::add(FeatureStepKind kind) {
  put(feature_steps_, std::move(kind));
}
void Registry::add(EncoderKind kind) {
  put(encoders_, std::move(kind));
}
void Registry::add(RuntimeKind kind) {
  put(runtimes_, std::move(kind));
}

const DecoderKind* Registry::decoder(std::string_view name) const noexcept {
  return find(decoders_, name);
}
const OperatorKind* Registry::op(std::string_view name) const noexcept {
  return find(operators_, name);
}
const FeatureStepKind* Registry::feature_step(std::string_view name) const noexcept {
  return find(feature_steps_, name);
}
const EncoderKind* Registry::encoder(std::string_view name) const noexcept {
  return find(encoders_, name);
}
const RuntimeKind* Registry::runtime(std::string_view name) const noexcept {
  return find(runtimes_, name);
}

}  // namespace thalweg
