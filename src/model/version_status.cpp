#include "model/version_status.h"

namespace thalweg {

std::string_view to_string(VersionState state) noexcept {
  switch (state) {
    case VersionState::start: return "START";
    case VersionState::loading: return "LOADING";
    case VersionState::warming: return "WARMING";
    case VersionState::available: return "AVAILABLE";
    case VersionState::unloading: return "UNLOADING";
    case VersionState::end: return "END";
  }
  return "END";
}

}  // namespace thalweg
