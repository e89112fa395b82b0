// What a signature says of itself: names looked up, and the words errors show.
#include <algorithm>

#include "thalweg/model.h"

namespace thalweg {
namespace {

const TensorSpec* find(const std::vector<TensorSpec>& specs, std::string_view name) noexcept {
  const auto it = std::find_if(specs.begin(), specs.end(),
                               [name](const TensorSpec& spec) { return spec.name == name; });
  return it == specs.end() ? nullptr : &*it;
}

}  // namespace

std::string TensorSpec::to_string() const {
  const std::string dims = unknown_rank ? "of any shape" : shape.to_string();
  return "'" + name + "' (" + std::string(thalweg::to_string(dtype)) + " " + dims + ")";
}

const TensorSpec* Signature::input(std::string_view wanted) const noexcept {
  return find(inputs, wanted);
}
const TensorSpec* Signature::output(std::string_view wanted) const noexcept {
  return find(outputs, wanted);
}

}  // namespace thalweg
