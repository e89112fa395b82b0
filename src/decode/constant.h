// `default:` of a field, checked against the field's type.
#pragma once

#include "decode/fields.h"

namespace thalweg::decode {

// `dims` are those of one row (or of one step, for `*`); the first may be unknown: then a list of any length is taken.
// A single scalar for a vector fills it. Errors: config_invalid.
[[nodiscard]] Result<Constant> read_constant(const Node& node, DType dtype,
                                             std::span<const std::int64_t> dims);

}  // namespace thalweg::decode
