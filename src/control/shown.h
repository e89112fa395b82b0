// A wanted state as it may be shown: in answers, in the history, on the terminal. The URI of a version may hold a password or a token
// (model/uri.h), which stands whole in the control record alone, where the processes need it.
//
// Who reads a state, changes a part of it and writes it back, as the command line does over HTTP, brings such URIs back as they were shown; what is
// meant is found among those that are known.
#pragma once

#include <vector>

#include "thalweg/error.h"

#include "model/desired.h"

namespace thalweg::control {

[[nodiscard]] DesiredModel shown(DesiredModel state);

// Errors: config_invalid (a URI with a part left out that none of the known states has).
[[nodiscard]] Result<DesiredModel> restored(DesiredModel state,
                                            const std::vector<DesiredModel>& known);

}  // namespace thalweg::control
