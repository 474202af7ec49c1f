// SPDX-License-Identifier: MIT
// Small datasets whose sound and motion are known functions of time.
#pragma once

#include <filesystem>
#include <string>

#include "stgmamba/data/dataset.hpp"

namespace stgmamba::test {

double tone_at(double seconds);             // the sound, in [-0.5, 0.5]
double joint_x(int joint, double seconds);  // pixels
double joint_y(int joint, double seconds);  // pixels

/// Beats stand every half second.
data::Take make_take(const std::string& id, const std::string& source, const std::string& style, double seconds,
                     double fps = 30.0, const std::string& song = "");
/// Takes a0 (12 s, 30 fps, kpop), a1 (8 s, 10 fps, ballet), b0 (20 s, 25 fps, popping) for training, t0 (11 s) for
/// testing.
data::Dataset write_small(const std::filesystem::path& folder);

}  // namespace stgmamba::test
