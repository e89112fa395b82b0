// Everything an application needs: #include <thalweg/thalweg.h>. The test kit is apart: <thalweg/testing.h>.
#pragma once

#include "thalweg/app.h"        // IWYU pragma: export
#include "thalweg/batch.h"      // IWYU pragma: export
#include "thalweg/column.h"     // IWYU pragma: export
#include "thalweg/error.h"      // IWYU pragma: export
#include "thalweg/functions.h"  // IWYU pragma: export
#include "thalweg/ids.h"        // IWYU pragma: export
#include "thalweg/model.h"      // IWYU pragma: export
#include "thalweg/ports.h"      // IWYU pragma: export
#include "thalweg/record.h"     // IWYU pragma: export
#include "thalweg/registry.h"   // IWYU pragma: export
#include "thalweg/settings.h"   // IWYU pragma: export
#include "thalweg/tensor.h"     // IWYU pragma: export
#include "thalweg/version.h"    // IWYU pragma: export
