// The few distributions that the figures need, out of Boost.Math: special functions are not ours to write. In a file of its own, because its
// headers take seconds to compile.
#pragma once

namespace thalweg::monitor {

// The value below which `level` of a χ² distribution lies.
[[nodiscard]] double chi_squared_quantile(double level, double degrees);
// How much of it lies above x: a p-value.
[[nodiscard]] double chi_squared_above(double x, double degrees);

}  // namespace thalweg::monitor
