// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace stgmamba::metrics {

/// Middle value (mean of the two middle ones for an even count); NaN values are left out; 0 for none.
double median(std::vector<double> values);

}  // namespace stgmamba::metrics
