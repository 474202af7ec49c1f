// SPDX-License-Identifier: MIT
// A dataset and a configuration small enough to train in a second.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stgmamba/train/trainer.hpp"

namespace stgmamba::test {

/// Six takes of 10 s: a click track each, a body that sways with it. Splits: four train, one val, one test.
void make_small_dataset(const std::filesystem::path& folder);

/// Writes small.yaml beside the dataset and returns options that train it in `folder`/runs.
train::TrainOptions small_options(const std::filesystem::path& folder, std::vector<std::string> overrides = {});

/// Every safetensors file of two checkpoints holds the same bytes.
bool same_tensors(const std::filesystem::path& first, const std::filesystem::path& second);

}  // namespace stgmamba::test
