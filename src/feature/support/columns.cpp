// The unhappy ways of columns.h.
#include "feature/support/columns.h"

#include <utility>

namespace thalweg::feature {

void refuse(FeatureScratch& scratch, std::size_t row, std::string message) {
  scratch.failures.push_back(
      {static_cast<std::uint32_t>(row), Error(Code::feature_failed, std::move(message))});
}

void refuse_not_utf8(FeatureScratch& scratch, std::size_t row) {
  scratch.failures.push_back({static_cast<std::uint32_t>(row),
                              Error(Code::not_utf8, "expected text in UTF-8; got other bytes")});
}

}  // namespace thalweg::feature
