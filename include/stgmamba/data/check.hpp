// SPDX-License-Identifier: MIT
// What is wrong with a dataset folder, all of it, and what to do about each part.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stgmamba::data {

enum class Severity { kWarning, kError };

struct Finding {
  Severity severity = Severity::kError;
  std::string where, what, remedy;
};

struct CheckOptions {
  bool hashes = true;               // read every byte
  bool content = true;              // decode sound and poses
  double max_missing = 0.2;         // share of missing joint-frames (mdvs-and-metrics A1)
  double max_frozen_seconds = 3.0;  // a pose that does not move at all for longer is a stuck tracker
};

/// Never throws for what is wrong inside the folder: that is what findings are for. Throws DataError when there is no
/// folder at all.
std::vector<Finding> check_dataset(const std::filesystem::path& folder, const CheckOptions& options = {});

}  // namespace stgmamba::data
