// SPDX-License-Identifier: MIT
#include "stgmamba/util/smooth.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace stgmamba::util {

std::vector<double> gaussian_smooth(const std::vector<double>& values, double sigma) {
  const auto count = static_cast<std::ptrdiff_t>(values.size());
  const auto radius = static_cast<std::ptrdiff_t>(std::ceil(3 * sigma));
  std::vector<double> out(values.size());
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    double sum = 0;
    double weights = 0;
    for (std::ptrdiff_t j = std::max<std::ptrdiff_t>(0, i - radius); j <= std::min(count - 1, i + radius); ++j) {
      const double distance = sigma > 0 ? static_cast<double>(i - j) / sigma : 0.0;
      const double weight = std::exp(-0.5 * distance * distance);
      sum += weight * values[static_cast<std::size_t>(j)];
      weights += weight;
    }
    out[static_cast<std::size_t>(i)] = sum / weights;
  }
  return out;
}

}  // namespace stgmamba::util
