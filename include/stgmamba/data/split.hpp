// SPDX-License-Identifier: MIT
// Training, validation and test parts: the last 10 % of the videos of each style are the test (the paper's rule).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"

namespace stgmamba::data {

struct SplitOptions {
  double test_share = 0.1;  // of each style's videos, rounded up
  double val_share = 0.1;   // of those that remain, rounded up; 0: no validation part
  bool by_song = true;      // takes of one song stay together too, where the song is known
};

using SplitLists = std::map<std::string, std::vector<std::string>>;  // "train", "val", "test" -> take ids

/// Takes that share a source, a person (or a song) form one group and never straddle. Within a style the groups are
/// sorted by their first source; the last ceil(test_share * n) are the test, then the last ceil(val_share * rest) the
/// validation part; at least one group always stays for training, so a style of one group has no test. Throws
/// UsageError for shares outside [0, 1).
SplitLists make_split(const std::vector<TakeInfo>& takes, const SplitOptions& options = {});

/// Splits a dataset folder anew: rewrites splits/*.txt (other lists are removed) and splits/rule.yaml.
SplitLists split_dataset(const std::filesystem::path& folder, const SplitOptions& options = {});

}  // namespace stgmamba::data
