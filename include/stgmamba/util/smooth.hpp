// SPDX-License-Identifier: MIT
// Smoothing of a list of numbers.
#pragma once

#include <vector>

namespace stgmamba::util {

/// Means under a Gaussian of `sigma` samples, cut at three sigma; at the ends over the values that are there. 0 changes
/// nothing.
std::vector<double> gaussian_smooth(const std::vector<double>& values, double sigma);

}  // namespace stgmamba::util
