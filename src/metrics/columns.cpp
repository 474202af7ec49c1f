// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/columns.hpp"

#include <fmt/format.h>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

#include "column_parts.hpp"

namespace stgmamba::metrics {

std::vector<Column> make_columns(double prominence) {
  std::vector<Column> columns;
  add_beat_columns(columns, prominence);
  add_distance_columns(columns);
  add_motion_columns(columns);
  return columns;
}

std::vector<std::string> column_names() {
  std::vector<std::string> names;
  for (const Column& column : make_columns()) {
    names.push_back(column.card.name);
  }
  return names;
}

std::vector<Column> pick_columns(const std::vector<std::string>& names, double prominence) {
  const std::vector<Column> all = make_columns(prominence);
  std::vector<Column> picked;
  for (const std::string& name : names) {
    bool found = false;
    for (const Column& column : all) {
      if (column.card.name == name) {
        picked.push_back(column);
        found = true;
      }
    }
    if (!found) {
      const std::string near = util::nearest(name, column_names());
      throw UsageError("metric '{}' is unknown{}; stg_eval --cards lists them all", name,
                       near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
    }
  }
  return picked;
}

}  // namespace stgmamba::metrics
