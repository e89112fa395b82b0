#include "monitor/distributions.h"

#include <boost/math/distributions/chi_squared.hpp>

namespace thalweg::monitor {

double chi_squared_quantile(double level, double degrees) {
  return boost::math::quantile(boost::math::chi_squared(degrees), level);
}

double chi_squared_above(double x, double degrees) {
  return boost::math::cdf(boost::math::complement(boost::math::chi_squared(degrees), x));
}

}  // namespace thalweg::monitor
