// SPDX-License-Identifier: MIT
// Every number that a table may show, by name, with its card and how it is measured on a set of dances.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "stgmamba/metrics/bootstrap.hpp"
#include "stgmamba/metrics/card.hpp"
#include "stgmamba/metrics/dance_set.hpp"

namespace stgmamba::metrics {

struct Column {
  MetricCard card;
  std::function<Statistic(const Yardstick&, const DanceSet&)> measure;
  bool interval = true;  // false where a replicate costs seconds
};

/// All of them, beat scores first. `prominence` goes into the cards of those that use it.
std::vector<Column> make_columns(double prominence = 0.0);
std::vector<std::string> column_names();
/// The columns of these names, in their order. Throws UsageError with the nearest name.
std::vector<Column> pick_columns(const std::vector<std::string>& names, double prominence);

}  // namespace stgmamba::metrics
